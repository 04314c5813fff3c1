"""Drafts the contract of a dataset from one of its deliveries, so that this very delivery passes its gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import PurePath
from typing import Literal

from contender.drafting.draft import CHECK, Draft, DraftError, check_name, check_owner
from contender.drafting.guesses import Guess, guess_column, guess_promise, guess_row_count
from contender.drafting.keys import find_key
from contender.drafting.profile import ColumnProfile, profile_columns
from contender.drafting.source import Place, module_source
from contender.landing import RawFile
from contender.specs import DatasetSpec, Delivery, dag_id

Kind = Literal["daily", "reference"]

NOBODY = "owner@company.example"
_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,79}")


def draft_dataset(name: str, raw: RawFile, *, kind: Kind = "daily", owner: str | None = None) -> Draft:
    """The contract of this file, whose name is its path below the landing zone.

    Raises DraftError when the name or the owner has not the form of one, when the file cannot be read, when a daily
    one is not of exactly one day (in its column `day`, and in its name if that holds one), and when no columns
    tell its rows apart.
    """
    check_name(name)
    check_owner(owner or NOBODY)
    try:
        profiles = profile_columns(raw)
        if kind == "daily":
            _check_day(profiles, raw.name)
        key = find_key(profiles)
    except DraftError as error:
        raise DraftError(f"{PurePath(raw.name).name}: {error}") from None
    if kind == "daily":
        key = ("day", *(part for part in key if part != "day"))
    delivery = _delivery(name, raw, kind)
    spec, notes = _contract(name, profiles, key, delivery, owner)
    return Draft(
        name=name,
        summary=f"{len(spec.columns)} columns, key {', '.join(spec.primary_key)}",
        start=f"put deliveries at {spec.delivery.path} in the landing zone, and start {dag_id('ingest', name)}",
        files={f"datasets/{name}.py": module_source(_docstring(name), spec, notes)},
    )


def _contract(
    name: str,
    profiles: Sequence[ColumnProfile],
    key: tuple[str, ...],
    delivery: Delivery,
    owner: str | None,
) -> tuple[DatasetSpec, dict[Place, tuple[str, ...]]]:
    columns = [guess_column(profile) for profile in profiles]
    guesses = _promises(profiles)
    kind: Kind = "daily" if "{day}" in delivery.path else "reference"
    spec = DatasetSpec(
        name=name,
        description=f"Deliveries of {name.replace('_', ' ')}.",
        owner=owner or NOBODY,
        delivery=delivery,
        columns=tuple(column for column, _ in columns),
        primary_key=key,
        expectations=tuple(guess.promise for guess in guesses),
        kind=kind,
    )
    notes: dict[Place, tuple[str, ...]] = {
        ("description",): (f"{CHECK}what is a row, and who delivers it?",),
        ("delivery",): (_delivery_note(kind),),
        ("columns",): (
            f"{CHECK}say what each column is, the `unit` of numbers, and `nullable=True` of what may be missing",
        ),
        ("primary_key",): (
            f"{CHECK}the fewest columns that tell these {profiles[0].rows} rows apart, maybe by chance; "
            "what names a row of any delivery?",
        ),
        **{("columns", number): said for number, (_, said) in enumerate(columns) if said},
        **{("expectations", number): (f"{CHECK}{guess.note}",) for number, guess in enumerate(guesses)},
    }
    if owner is None:
        notes["owner",] = (f"{CHECK}who gets the mail when a delivery fails its gate?",)
    return spec, notes


def _promises(profiles: Sequence[ColumnProfile]) -> list[Guess]:
    guesses = (guess_promise(profile) for profile in profiles)
    return [guess_row_count(profiles[0].rows), *(guess for guess in guesses if guess)]


def _check_day(profiles: Sequence[ColumnProfile], delivered_as: str) -> None:
    day = next((profile for profile in profiles if profile.name == "day"), None)
    if day is None:
        raise DraftError(_no_day(profiles))
    if day.type != "date" or day.missing:
        raise DraftError(
            "the column day is not a date in every row: deliver it as 2013-09-01, or draft by --kind reference"
        )
    days = sorted(set(day.values.to_pylist()))
    if len(days) > 1:
        raise DraftError(
            f"the file holds {len(days)} days, {days[0]} to {days[-1]}: draft from the delivery of one day, "
            "or by --kind reference"
        )
    named = _DAY.findall(delivered_as)
    if named and date.isoformat(days[0]) not in named:
        raise DraftError(
            f"the file is named after {named[-1]} and its rows are of {days[0]}: rename it after its rows' day"
        )


def _no_day(profiles: Sequence[ColumnProfile]) -> str:
    dates = [profile.name for profile in profiles if profile.type == "date"]
    rename = f"rename {' or '.join(dates)}" if dates else "add one"
    return (
        "a daily dataset needs the column day, the business day as 2013-09-01: "
        f"{rename}, or draft one that is replaced whole by --kind reference"
    )


def _delivery(name: str, raw: RawFile, kind: Kind) -> Delivery:
    cron = "0 6 * * *" if kind == "daily" else "0 6 * * 1"
    # A file that may grow to twice its size must still be read.
    most = max(2 * raw.size, Delivery.model_fields["max_bytes"].default)
    return Delivery(path=_path(name, raw.name, kind), cron=cron, max_bytes=most)


def _path(name: str, delivered_as: str, kind: Kind) -> str:
    path = delivered_as if _PLAIN_PATH.fullmatch(delivered_as) else ""
    if kind == "daily":
        path = _DAY.sub("{day}", path)
        return path if "{day}" in path else f"{name}/{{day}}.csv"
    return path if path and not _DAY.search(path) else f"{name}.csv"


def _delivery_note(kind: Kind) -> str:
    early = "; `lead_days` if before its day" if kind == "daily" else ""
    return f"{CHECK}the path in the landing zone, and when it has arrived, in UTC{early}"


def _docstring(name: str) -> str:
    return (
        f"A first draft of {name.replace('_', ' ').strip()}, made from one delivery.\n\n"
        'What this delivery\'s values suggest is only warned of (`severity="warn"`) until somebody who knows the\n'
        "source has checked it; then the severity, the comment and this paragraph can go.\n"
    )
