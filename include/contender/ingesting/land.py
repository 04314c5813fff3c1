"""Fetch the files of some days and stage their rows; unreadable parts are passed to the gate as defects."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from contender.ingesting.portions import Portion, count_days, find_absent, read_portion, spool_for
from contender.lake import Evidence, SpooledRows, places, stage
from contender.landing import MissingFiles, NotDelivered, RawFile, fetch_all
from contender.querying import Connect, fetch_rows, refuse_connections
from contender.records import DeliveredFile, StagedBatch
from contender.settings import Settings
from contender.specs import DatasetSpec, Days, describe_days


def land(
    spec: DatasetSpec, days: Days, settings: Settings, connect: Connect = refuse_connections
) -> StagedBatch:
    """Stage the dataset's delivery of these days.

    A file with defects is staged as far as it can be read, and the gate decides. A day that the contract declares
    closed needs no file and may have no rows. `connect` returns the URL of a connection that a query names. Raises
    landing.NotDelivered if a day's file is missing or incomplete, so that the task retries later, landing.MissingFiles
    if files of a range are and its days are past, and landing.LandingError if a file must not be read.
    """
    portions, absent = [], []
    with TemporaryDirectory() as folder:
        fetched = _fetch_all(spec, days, partial(_fetch, spec, settings, connect, Path(folder)))
        rows = spool_for(spec, Path(folder), several_files=any(len(raws) > 1 for _, raws in fetched))
        for group, raws in fetched:
            portion = read_portion(raws, spec, group, rows)
            for raw, aside in portion.asides:
                _set_aside(raw, aside, spec, group[0] if group else days.first, settings)
            portions.append(replace(portion, asides=()))
            absent += find_absent(portion, spec, group)
        if absent:
            raise _explain_missing(spec, days, absent)
        sources = _keep_raw([raw for portion in portions for raw in portion.raws], spec, days, settings)
        return stage(rows, spec.contract, days, settings.staging, _evidence(portions, sources))


def _evidence(portions: Sequence[Portion], sources: tuple[str, ...] = ()) -> Evidence:
    return Evidence(
        sources=sources,
        delivered=tuple(
            DeliveredFile(name=raw.name, size=raw.size, digest=raw.digest)
            for portion in portions
            for raw in portion.raws
        ),
        defects=tuple(defect for portion in portions for defect in portion.defects),
        dropped=sum(portion.dropped for portion in portions),
    )


def _fetch(
    spec: DatasetSpec, settings: Settings, connect: Connect, folder: Path, day: date | None
) -> tuple[RawFile, ...]:
    delivery = spec.delivery
    if delivery.query is not None:
        return (fetch_rows(delivery.query, day, connect, folder),)
    return fetch_all(settings, delivery.path_of(day), folder, limit=delivery.max_bytes)


def group_files(spec: DatasetSpec, raws: Sequence[RawFile]) -> list[tuple[RawFile, ...]]:
    """Return files outside of the landing zone by delivery: each alone or, if the path has `*`, those of one day."""
    if "*" not in (spec.delivery.path or ""):
        return [(raw,) for raw in raws]
    by_day: dict[date | None, list[RawFile]] = {}
    for raw in sorted(raws, key=lambda raw: raw.name):
        one_day = spec.kind == "daily" and not spec.delivery.several_days
        day = _usual_day(count_days([raw], spec)) if one_day else None
        by_day.setdefault(day, []).append(raw)
    return [tuple(files) for files in by_day.values()]


def stage_files(spec: DatasetSpec, raws: Sequence[RawFile], staging: str) -> StagedBatch:
    """Stage files outside of the landing zone, as the delivery of the day of most of their rows, or of all days."""
    days, group = Days.one(datetime.now(UTC).date()), []
    if spec.kind == "daily":
        counts = count_days(raws, spec)
        if counts and spec.delivery.several_days:
            days = Days(first=min(counts), last=max(counts))
        elif usual := _usual_day(counts):
            days = Days.one(usual)
        group = list(days.each())
    with TemporaryDirectory() as folder:
        rows = spool_for(spec, Path(folder), several_files=len(raws) > 1)
        portion = read_portion(raws, spec, group, rows)
        return stage(rows, spec.contract, days, staging, _evidence([portion]))


def _usual_day(counts: Counter[date]) -> date | None:
    """Return the day of most rows, the earliest of several; None if no row has a day."""
    return min(counts, key=lambda day: (-counts[day], day), default=None)


def _fetch_all(
    spec: DatasetSpec, days: Days, fetch_day: Callable[[date | None], tuple[RawFile, ...]]
) -> list[tuple[tuple[date, ...], tuple[RawFile, ...]]]:
    """Return the raw files of the days, by the days that they are read for; a range names all days without one."""
    found: list[tuple[tuple[date, ...], tuple[RawFile, ...]]] = []
    missing: list[date] = []
    for group in _group_days(spec, days):
        open_days = [day for day in group if day not in spec.delivery.closed_days]
        try:
            found.append((group, fetch_day(group[0] if group else None)))
        except NotDelivered:
            if not group or (days.is_single and open_days):
                raise
            missing += open_days
    if missing:
        raise _explain_missing(spec, days, missing)
    return found


def _group_days(spec: DatasetSpec, days: Days) -> list[tuple[date, ...]]:
    """Return the days by the files that hold them; one empty group for a table that is replaced as a whole."""
    if spec.kind != "daily":
        return [()]
    if spec.delivery.is_dated:
        return [(day,) for day in days.each()]
    by_path: dict[str, list[date]] = {}
    for day in days.each():
        by_path.setdefault(spec.delivery.path_of(day), []).append(day)
    return [tuple(group) for group in by_path.values()]


def _explain_missing(spec: DatasetSpec, days: Days, missing: Sequence[date]) -> NotDelivered | MissingFiles:
    """Return MissingFiles if the day on which a missing file of a range was due is over, and else NotDelivered."""
    found = (
        f"{spec.name}: {len(missing)} of {len(days)} days of {days.key} are not delivered by {spec.delivery.origin}, "
        f"or still being written: {describe_days(missing)}"
    )
    due = missing[0] + timedelta(days=1 - spec.delivery.lead_days)
    if days.is_single or due >= datetime.now(UTC).date():
        return NotDelivered(f"{found}: ask the source for them, or wait for the next try")
    return MissingFiles(
        f"{found}: have them delivered, choose a range without these days, or declare them in `delivery.closed` if the "
        "source delivers nothing; then start the range again"
    )


def _keep_raw(
    delivered: Sequence[RawFile], spec: DatasetSpec, days: Days, settings: Settings
) -> tuple[str, ...]:
    """Copy the raw files next to the staged batch, so that the gate finds them on any worker."""
    folder = places.below(settings.staging, "raw", spec.name, days.key, uuid.uuid4().hex)
    return tuple(
        places.copy(str(raw.copy_path), places.below(folder, raw.copy_path.name)) for raw in delivered
    )


def _set_aside(raw: RawFile, rows: SpooledRows, spec: DatasetSpec, day: date, settings: Settings) -> None:
    """Keep columns that are not in the contract, with the key of their rows, since they may be needed later."""
    name = f"{day}-{raw.digest[:16]}.parquet"
    places.write_tables(rows.slabs(), rows.schema, places.below(settings.aside, spec.name, name))
