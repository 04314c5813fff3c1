"""Draft the contract of a dataset from one delivery, which passes the drafted gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePath
from typing import Literal

from contender.drafting.draft import CHECK, Draft, DraftError, check_name, check_owner
from contender.drafting.guesses import Guess, guess_column, guess_expectation, guess_row_count
from contender.drafting.keys import find_key
from contender.drafting.profile import ColumnProfile, FileProfile, profile_file
from contender.drafting.source import Place, module_source
from contender.landing import RawFile
from contender.specs import DatasetSpec, Delivery, dag_id

Kind = Literal["daily", "reference"]

NOBODY = "owner@company.example"
_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(19|20)\d\d[01]\d[0-3]\d(?!\d)")
_SUFFIX = re.compile(r"[.][a-z][a-z0-9]{0,9}")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,79}")


def draft_dataset(name: str, raw: RawFile, *, kind: Kind = "daily", owner: str | None = None) -> Draft:
    """Draft the contract of a file, whose name is its path in the landing zone.

    Raises DraftError if the name or the owner is not valid, if the file cannot be read, if a daily file does not have
    exactly one day (in its column `day`, and in its name if that contains a day), or if no columns identify its rows.
    """
    check_name(name)
    check_owner(owner or NOBODY)
    try:
        profile = profile_file(raw)
        if kind == "daily":
            profile = _find_day(profile)
            _check_day(profile.columns, raw.name)
        key = find_key(profile.columns)
    except DraftError as error:
        raise DraftError(f"{PurePath(raw.name).name}: {error}") from None
    if kind == "daily":
        key = ("day", *(part for part in key if part != "day"))
    delivery = _delivery(name, raw, kind, profile)
    spec, notes = _contract(name, profile, key, delivery, owner)
    return Draft(
        name=name,
        summary=f"{len(spec.columns)} columns, key {', '.join(spec.primary_key)}",
        start=f"put deliveries at {spec.delivery.path} in the landing zone, and start {dag_id('ingest', name)}",
        files={f"datasets/{name}.py": module_source(_docstring(name), spec, notes)},
    )


def _contract(
    name: str,
    profile: FileProfile,
    key: tuple[str, ...],
    delivery: Delivery,
    owner: str | None,
) -> tuple[DatasetSpec, dict[Place, tuple[str, ...]]]:
    profiles = profile.columns
    columns = [guess_column(profile) for profile in profiles]
    guesses = _guess_expectations(profiles)
    kind: Kind = "daily" if delivery.is_dated else "reference"
    spec = DatasetSpec(
        name=name,
        description=f"Deliveries of {name.replace('_', ' ')}.",
        owner=owner or NOBODY,
        delivery=delivery,
        columns=tuple(column for column, _ in columns),
        primary_key=key,
        expectations=tuple(guess.expectation for guess in guesses),
        kind=kind,
    )
    notes: dict[Place, tuple[str, ...]] = {
        ("description",): (f"{CHECK}what is a row, and who delivers it?",),
        ("delivery",): (_delivery_note(kind), *profile.findings),
        ("columns",): (
            f"{CHECK}describe each column, add `unit` to numbers, and `nullable=True` where values may be missing",
        ),
        ("primary_key",): (
            f"{CHECK}the smallest set of columns that is unique in these {profiles[0].rows} rows, maybe by chance; "
            "what identifies a row in every delivery?",
        ),
        **{("columns", number): said for number, (_, said) in enumerate(columns) if said},
        **{("expectations", number): (f"{CHECK}{guess.note}",) for number, guess in enumerate(guesses)},
    }
    if owner is None:
        notes["owner",] = (f"{CHECK}who gets the mail when a delivery fails its gate?",)
    return spec, notes


def _guess_expectations(profiles: Sequence[ColumnProfile]) -> list[Guess]:
    guesses = (guess_expectation(profile) for profile in profiles)
    return [guess_row_count(profiles[0].rows), *(guess for guess in guesses if guess)]


def _find_day(profile: FileProfile) -> FileProfile:
    """Return the profile with its only date column as `day`, if it has no such column and the file holds one day."""
    if any(column.name == "day" for column in profile.columns):
        return profile
    dates = [column for column in profile.columns if column.type == "date"]
    if len(dates) != 1 or dates[0].missing or len(dates[0].distinct) > 1:
        return profile
    message = (
        f"{CHECK}the only date, {profile.names.get(dates[0].name, dates[0].name)}, is the day of the delivery"
    )
    return replace(profile.rename({dates[0].name: "day"}), findings=(*profile.findings, message))


def _check_day(profiles: Sequence[ColumnProfile], delivered_as: str) -> None:
    day = next((profile for profile in profiles if profile.name == "day"), None)
    if day is None:
        raise DraftError(_no_day(profiles))
    if day.type != "date" or day.missing:
        raise DraftError(
            "the column day is not a date in every row: deliver it as 2013-09-01, or use --kind reference"
        )
    days = sorted(set(day.values.to_pylist()))
    if len(days) > 1:
        raise DraftError(
            f"the file holds {len(days)} days, {days[0]} to {days[-1]}: draft from the delivery of one day, "
            "or use --kind reference"
        )
    named = _DAY.findall(delivered_as)
    if named and date.isoformat(days[0]) not in named:
        raise DraftError(
            f"the file's name has the day {named[-1]}, but its rows have {days[0]}: correct the name or the rows"
        )


def _no_day(profiles: Sequence[ColumnProfile]) -> str:
    dates = [profile.name for profile in profiles if profile.type == "date"]
    rename = f"rename {' or '.join(dates)}" if dates else "add one"
    return (
        "a daily dataset needs the column day with the business day, such as 2013-09-01: "
        f"{rename}, or use --kind reference for a table that is replaced whole"
    )


def _delivery(name: str, raw: RawFile, kind: Kind, profile: FileProfile) -> Delivery:
    cron = "0 6 * * *" if kind == "daily" else "0 6 * * 1"
    # Allow files of twice this size.
    most = max(2 * raw.size, Delivery.model_fields["max_bytes"].default)
    return Delivery(
        path=_path(name, raw.name, kind),
        format=profile.format,
        names=dict(profile.names),
        ignored=profile.ignored,
        cron=cron,
        max_bytes=most,
    )


def _path(name: str, delivered_as: str, kind: Kind) -> str:
    path = delivered_as if _PLAIN_PATH.fullmatch(delivered_as) else ""
    if kind == "daily":
        path = _COMPACT.sub("{day:%Y%m%d}", _DAY.sub("{day}", path))
        return path if "{day" in path else f"{name}/{{day}}{_suffix(delivered_as)}"
    return path if path and not _DAY.search(path) else f"{name}{_suffix(delivered_as)}"


def _suffix(delivered_as: str) -> str:
    """Return the file's suffixes, such as .csv.gz."""
    return (
        "".join(suffix for suffix in PurePath(delivered_as).suffixes if _SUFFIX.fullmatch(suffix)) or ".csv"
    )


def _delivery_note(kind: Kind) -> str:
    early = "; add `lead_days` if it arrives before its day" if kind == "daily" else ""
    return f"{CHECK}the path in the landing zone, and the time of arrival in UTC{early}"


def _docstring(name: str) -> str:
    return (
        f"A first draft of {name.replace('_', ' ').strip()}, made from one delivery.\n\n"
        'Expectations suggested by this delivery only warn (`severity="warn"`). When a person who knows the source\n'
        "has checked them, remove the severities, the comments and this paragraph.\n"
    )
