"""Fetch the files of some days and stage their rows; unreadable parts are passed to the gate as defects."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from contender.ingesting.delivered_rows import Delivered, read_delivery
from contender.lake import places, stage
from contender.lake.schema import arrow_schema
from contender.landing import MissingFiles, NotDelivered, RawFile, fetch
from contender.querying import Connect, fetch_rows, refuse_connections
from contender.records import Defect, StagedBatch
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
    delivered = []
    with TemporaryDirectory() as folder:
        for day, raw in _fetch_all(spec, days, partial(_fetch, spec, settings, connect, Path(folder))):
            part = _read(spec, raw, day)
            _set_aside(part, spec, day or days.first, settings)
            delivered.append(part)
        sources = _keep_raw([part.raw for part in delivered], spec, days, settings)
    none = arrow_schema(spec.contract).empty_table()
    rows = pa.concat_tables([none, *(part.rows for part in delivered)])
    return stage(
        rows,
        spec.contract,
        days,
        settings.staging,
        sources=sources,
        defects=tuple(defect for part in delivered for defect in part.defects),
    )


def _fetch(
    spec: DatasetSpec, settings: Settings, connect: Connect, folder: Path, day: date | None
) -> RawFile:
    delivery = spec.delivery
    if delivery.query is not None:
        return fetch_rows(delivery.query, day, connect, folder)
    assert delivery.path is not None
    return fetch(settings, delivery.path.format(day=day), folder, limit=delivery.max_bytes)


def stage_file(spec: DatasetSpec, raw: RawFile, staging: str) -> StagedBatch:
    """Stage one file outside of the landing zone, as the delivery of the day of most of its rows."""
    delivered = read_delivery(raw, spec)
    day = _usual_day(delivered) if spec.kind == "daily" else None
    if day is not None:
        delivered = _judge_day(delivered, spec, day)
    days = Days.one(day or datetime.now(UTC).date())
    return stage(delivered.rows, spec.contract, days, staging, defects=delivered.defects)


def _usual_day(delivered: Delivered) -> date | None:
    days: list[date] = (
        pc.mode(delivered.rows["day"].cast(pa.int32())).field("mode").cast(pa.date32()).to_pylist()
    )
    return days[0] if days else None


def _fetch_all(
    spec: DatasetSpec, days: Days, fetch_day: Callable[[date | None], RawFile]
) -> list[tuple[date | None, RawFile]]:
    """Return the raw file of every day; a range names all days without one."""
    found: list[tuple[date | None, RawFile]] = []
    missing = []
    for day in _days_of_files(spec, days):
        try:
            found.append((day, fetch_day(day)))
        except NotDelivered:
            if day in spec.delivery.closed_days:
                continue
            if day is None or days.is_single:
                raise
            missing.append(day)
    if missing:
        raise _explain_missing(spec, days, missing)
    return found


def _explain_missing(spec: DatasetSpec, days: Days, missing: Sequence[date]) -> NotDelivered | MissingFiles:
    """Return MissingFiles if the day on which a missing file was due is over, and else NotDelivered."""
    found = (
        f"{spec.name}: {len(missing)} of {len(days)} days of {days.key} are not delivered by {spec.delivery.origin}, "
        f"or still being written: {describe_days(missing)}"
    )
    due = missing[0] + timedelta(days=1 - spec.delivery.lead_days)
    if due >= datetime.now(UTC).date():
        return NotDelivered(f"{found}: ask the source for them, or wait for the next try")
    return MissingFiles(
        f"{found}: have them delivered, choose a range without these days, or declare them in `delivery.closed` if the "
        "source delivers nothing; then start the range again"
    )


def _keep_raw(delivered: list[RawFile], spec: DatasetSpec, days: Days, settings: Settings) -> tuple[str, ...]:
    """Copy the raw files next to the staged batch, so that the gate finds them on any worker."""
    folder = places.below(settings.staging, "raw", spec.name, days.key, uuid.uuid4().hex)
    return tuple(
        places.copy(str(raw.copy_path), places.below(folder, raw.copy_path.name)) for raw in delivered
    )


def _days_of_files(spec: DatasetSpec, days: Days) -> list[date | None]:
    return list(days.each()) if spec.kind == "daily" else [None]


def _read(spec: DatasetSpec, raw: RawFile, day: date | None) -> Delivered:
    delivered = read_delivery(raw, spec)
    return delivered if day is None else _judge_day(delivered, spec, day)


def _judge_day(delivered: Delivered, spec: DatasetSpec, day: date) -> Delivered:
    misplaced = _rows_of_other_days(delivered, day)
    unexpected = _rows_of_a_closed_day(delivered, day) if day in spec.delivery.closed_days else []
    return delivered.with_defects(*misplaced, *unexpected)


def _set_aside(delivered: Delivered, spec: DatasetSpec, day: date, settings: Settings) -> None:
    """Keep columns that are not in the contract, with the key of their rows, since they may be needed later."""
    if delivered.aside is None:
        return
    name = f"{day}-{delivered.raw.digest[:16]}.parquet"
    places.write_rows(delivered.aside, places.below(settings.aside, spec.name, name))


def _rows_of_other_days(delivered: Delivered, day: date) -> list[Defect]:
    days = delivered.rows["day"]
    differs = pc.fill_null(pc.not_equal(days, pa.scalar(day, pa.date32())), False)
    count = pc.sum(differs).as_py() or 0
    if not count:
        return []
    other = pc.min(days.filter(differs)).as_py()
    return [
        Defect(
            what=f"{count} of {len(days)} rows are of another day, for example {other}",
            where=f"{delivered.raw.name}, column day",
            way_out=f"deliver only the rows of {day} in this file",
        )
    ]


def _rows_of_a_closed_day(delivered: Delivered, day: date) -> list[Defect]:
    if delivered.rows.num_rows == 0:
        return []
    return [
        Defect(
            what=f"there are {delivered.rows.num_rows} rows of {day}, which the contract declares closed",
            where=delivered.raw.name,
            way_out="deliver no file for the day, or remove it from `closed` or `closed_weekdays` in `delivery`",
        )
    ]
