"""Draft the contract of a dataset from one delivery, which passes the drafted gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePath
from typing import Literal

import pyarrow.compute as pc

from contender.drafting.draft import CHECK, Draft, DraftError, check_name, check_owner
from contender.drafting.gaps import Gaps, explain_gaps
from contender.drafting.guesses import Guess, guess_column, guess_expectation, guess_row_count
from contender.drafting.profile import ColumnProfile, FileProfile, profile_files
from contender.drafting.shape import BusinessDays, Key, find_days, find_naming, propose_key, without_identical
from contender.drafting.source import Place, module_source
from contender.landing import RawFile
from contender.specs import Column, DatasetSpec, Delivery, dag_id

Kind = Literal["daily", "reference"]

NOBODY = "owner@company.example"
_DAYS_READ = 40
_SUFFIX = re.compile(r"[.][a-z][a-z0-9]{0,9}")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9*][A-Za-z0-9_./*-]{0,79}")


def draft_dataset(name: str, raw: RawFile, *, kind: Kind = "daily", owner: str | None = None) -> Draft:
    """Draft the contract of a file, whose name is its path in the landing zone.

    Raises DraftError if the name or the owner is not valid, if the file cannot be read, or if a daily file has no
    business day, or another one than its name.
    """
    return draft_from_files(name, [raw], kind=kind, owner=owner)


def draft_from_files(
    name: str, raws: Sequence[RawFile], *, kind: Kind = "daily", owner: str | None = None
) -> Draft:
    """Draft the contract of files, whose names are their paths in the landing zone.

    Types, key and ranges come from the files of the newest days, and closed days from the names of all. Raises
    DraftError as `draft_dataset` does, and if the files do not belong to one dataset.
    """
    check_name(name)
    check_owner(owner or NOBODY)
    try:
        naming = find_naming([raw.name for raw in raws])
        chosen = _choose_newest(raws, naming.days)
        profile = profile_files([raw for raw, _ in chosen])
        days = BusinessDays(profile)
        if kind == "daily":
            days = find_days(profile, [day for _, day in chosen])
        key = propose_key(days.profile.columns)
    except DraftError as error:
        where = PurePath(raws[0].name).name if len(raws) == 1 else f"{len(raws)} files"
        raise DraftError(f"{where}: {error}") from None
    gaps = (
        explain_gaps({day for day in naming.days if day}) if kind == "daily" and any(naming.days) else Gaps()
    )
    delivery = _delivery(_path(name, naming.path, kind, several=days.several_days), raws, days, key, gaps)
    profile = replace(days.profile, findings=(*days.profile.findings, *key.findings, *gaps.findings))
    if key.drops_identical:
        profile = replace(profile, columns=without_identical(profile.columns))
    return describe_draft(name, profile, key, delivery, owner)


def describe_draft(name: str, profile: FileProfile, key: Key, delivery: Delivery, owner: str | None) -> Draft:
    """Return the draft of a profiled delivery."""
    spec, notes = _contract(name, profile, key, delivery, owner)
    if delivery.query is None:
        first = f"put deliveries at {delivery.path} in the landing zone"
    else:
        first = f"create the Airflow connection {delivery.query.connection}"
    return Draft(
        name=name,
        summary=f"{len(spec.columns)} columns, key {', '.join(spec.primary_key)}",
        start=f"{first}, and load the days: contender load {name} FIRST..LAST, which runs {dag_id('ingest', name)}",
        files={f"datasets/{name}.py": module_source(_docstring(name), spec, notes)},
        findings=notes["delivery",][1:],
    )


def _choose_newest(raws: Sequence[RawFile], days: Sequence[date | None]) -> list[tuple[RawFile, date | None]]:
    """Return the files of the newest days, in the order of their names."""
    newest = sorted({day for day in days if day})[-_DAYS_READ:]
    paired = sorted(zip(raws, days, strict=True), key=lambda pair: pair[0].name)
    return [(raw, day) for raw, day in paired if day is None or day in newest]


def _contract(
    name: str, profile: FileProfile, key: Key, delivery: Delivery, owner: str | None
) -> tuple[DatasetSpec, dict[Place, tuple[str, ...]]]:
    profiles = profile.columns
    columns = _guess_columns(profiles, key)
    kind: Kind = "daily" if delivery.is_dated or delivery.several_days else "reference"
    rows = _rows_by_day(profiles) if kind == "daily" else [profiles[0].rows]
    guesses = _guess_expectations(profiles, rows)
    primary_key = (
        ("day", *(part for part in key.columns if part != "day")) if kind == "daily" else key.columns
    )
    spec = DatasetSpec(
        name=name,
        description=f"Deliveries of {name.replace('_', ' ')}.",
        owner=owner or NOBODY,
        delivery=delivery,
        columns=tuple(column for column, _ in columns),
        primary_key=primary_key,
        expectations=tuple(guess.expectation for guess in guesses),
        kind=kind,
    )
    notes: dict[Place, tuple[str, ...]] = {
        ("description",): (f"{CHECK}what is a row, and who delivers it?",),
        ("delivery",): (_delivery_note(delivery, kind), *profile.findings),
        ("columns",): (
            f"{CHECK}describe each column, add `unit` to numbers, and `nullable=True` where values may be missing",
        ),
        **{("columns", number): said for number, (_, said) in enumerate(columns) if said},
        **{("expectations", number): (f"{CHECK}{guess.note}",) for number, guess in enumerate(guesses)},
    }
    if key.row_number is None:
        notes["primary_key",] = (
            f"{CHECK}the smallest set of columns that is unique in these {profiles[0].rows} rows, maybe by chance; "
            "what identifies a row in every delivery?",
        )
    if owner is None:
        notes["owner",] = (f"{CHECK}who gets the mail when a delivery fails its gate?",)
    return spec, notes


def _guess_columns(profiles: Sequence[ColumnProfile], key: Key) -> list[tuple[Column, tuple[str, ...]]]:
    columns = [guess_column(profile) for profile in profiles]
    if key.row_number is not None:
        numbered = Column(name=key.row_number, type="integer", description="number of the row in its day")
        columns.append((numbered, ()))
    return columns


def _guess_expectations(profiles: Sequence[ColumnProfile], rows: Sequence[int]) -> list[Guess]:
    guesses = (guess_expectation(profile) for profile in profiles)
    return [guess_row_count(rows), *(guess for guess in guesses if guess)]


def _rows_by_day(profiles: Sequence[ColumnProfile]) -> list[int]:
    days = next(profile for profile in profiles if profile.name == "day").values
    counted: list[int] = pc.value_counts(days).field("counts").to_pylist()
    return counted


def _delivery(path: str, raws: Sequence[RawFile], days: BusinessDays, key: Key, gaps: Gaps) -> Delivery:
    profile = days.profile
    daily = any(column.name == "day" for column in profile.columns) and ("{day" in path or days.several_days)
    # Allow files of twice this size.
    most = max(2 * max(raw.size for raw in raws), Delivery.model_fields["max_bytes"].default)
    return Delivery(
        path=path,
        format=profile.format,
        names=dict(profile.names),
        ignored=profile.ignored,
        cron="0 6 * * *" if daily else "0 6 * * 1",
        max_bytes=most,
        several_days=days.several_days,
        day_of=days.day_of,
        row_number=key.row_number,
        duplicates="drop_identical" if key.drops_identical else "reject",
        closed_weekdays=gaps.weekdays,
        closed_holidays=gaps.holidays,
    )


def _path(name: str, path: str, kind: Kind, *, several: bool) -> str:
    """Return the files' path if it is a plain one, or else a usual one."""
    plain = _PLAIN_PATH.fullmatch(path.replace("{day:%Y%m%d}", "0").replace("{day}", "0")) is not None
    if kind == "daily":
        return path if plain and ("{day" in path or several) else f"{name}/{{day}}{_suffix(path)}"
    return path if plain and "{day" not in path else f"{name}{_suffix(path)}"


def _suffix(delivered_as: str) -> str:
    """Return the file's suffixes, such as .csv.gz."""
    return (
        "".join(suffix for suffix in PurePath(delivered_as).suffixes if _SUFFIX.fullmatch(suffix)) or ".csv"
    )


def _delivery_note(delivery: Delivery, kind: Kind) -> str:
    early = "; add `lead_days` if it arrives before its day" if kind == "daily" else ""
    place = "path in the landing zone" if delivery.query is None else "query"
    return f"{CHECK}the {place}, and the time of arrival in UTC{early}"


def _docstring(name: str) -> str:
    return (
        f"A first draft of {name.replace('_', ' ').strip()}, made from one delivery.\n\n"
        'Expectations suggested by this delivery only warn (`severity="warn"`). When a person who knows the source\n'
        "has checked them, remove the severities, the comments and this paragraph.\n"
    )
