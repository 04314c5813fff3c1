"""Fetches the files of some days and stages their rows; what cannot be read is told to the gate as defects."""

from __future__ import annotations

import uuid
from datetime import date

import pyarrow as pa

from contender.ingesting.csv_rows import Delivered, read_delivery
from contender.lake import stage
from contender.lake.schema import arrow_schema
from contender.landing import NotDelivered, RawFile, fetch
from contender.records import Defect, StagedBatch
from contender.settings import Settings
from contender.specs import DatasetSpec, Days


def land(spec: DatasetSpec, days: Days, settings: Settings) -> StagedBatch:
    """Stage the dataset's delivery of these days.

    A file with mistakes is staged as far as it can be read, with its defects named: the gate decides.
    Raises landing.NotDelivered when a day's file is missing, so that the task tries again later. A day that the
    contract declares closed needs no file and may have no rows.
    """
    copies = settings.staging / "raw" / spec.name / days.key / uuid.uuid4().hex
    delivered = []
    for day in _days_of_files(spec, days):
        try:
            raw = fetch(settings, spec.delivery.path.format(day=day), copies)
        except NotDelivered:
            if day in spec.delivery.closed:
                continue
            raise
        delivered.append(_read(spec, raw, day))
    none = arrow_schema(spec.contract).empty_table()
    rows = pa.concat_tables([none, *(part.rows for part in delivered)])
    return stage(
        rows,
        spec.contract,
        days,
        settings.staging,
        sources=tuple(str(part.raw.copy_path) for part in delivered),
        defects=tuple(defect for part in delivered for defect in part.defects),
    )


def _days_of_files(spec: DatasetSpec, days: Days) -> list[date | None]:
    return list(days.each()) if spec.kind == "daily" else [None]


def _read(spec: DatasetSpec, raw: RawFile, day: date | None) -> Delivered:
    delivered = read_delivery(raw, spec.contract)
    if day is None:
        return delivered
    strangers = _rows_of_other_days(delivered, day)
    unexpected = _rows_of_a_closed_day(delivered, day) if day in spec.delivery.closed else []
    return delivered.with_defects(*strangers, *unexpected)


def _rows_of_other_days(delivered: Delivered, day: date) -> list[Defect]:
    found = delivered.rows["day"].to_pylist()
    others = sorted({other for other in found if other is not None and other != day})
    if not others:
        return []
    count = sum(1 for other in found if other in set(others))
    return [
        Defect(
            what=f"{count} of {len(found)} rows are of another day, {others[0]} among them",
            where=f"{delivered.raw.name}, column day",
            way_out=f"deliver the rows of {day} alone in this file",
        )
    ]


def _rows_of_a_closed_day(delivered: Delivered, day: date) -> list[Defect]:
    if delivered.rows.num_rows == 0:
        return []
    return [
        Defect(
            what=f"there are {delivered.rows.num_rows} rows of {day}, which the contract declares closed",
            where=delivered.raw.name,
            way_out="deliver no file for it, or take the day out of `delivery.closed`",
        )
    ]
