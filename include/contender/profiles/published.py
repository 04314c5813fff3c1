"""The profiles of published days, which are computed once and stored in the book, and of staged ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from contender.lake import PIECE, DayFile, Lake, open_day, places
from contender.profiles.profile import profile
from contender.records import Book, DayProfile, StagedBatch, profile_id
from contender.specs import Contract, Days


def read_profiles(
    contract: Contract, files: Mapping[date, DayFile], lake: Lake, book: Book
) -> dict[date, DayProfile]:
    """Return the profiles of published days, whose files are given, oldest first.

    The days whose profile the book does not have yet are read one at a time: they may not fit into memory together.
    A day of many rows is read one column at a time.
    """
    ids = {day: profile_id(contract.table, day, files[day].digest) for day in sorted(files)}
    known = book.profiles.with_ids(ids.values())
    missing = [day for day, its_id in ids.items() if its_id not in known]
    many = [day for day in missing if files[day].rows > PIECE]

    def keep(day: date, rows: pq.ParquetFile | pa.Table) -> None:
        known[ids[day]] = book.profiles.add(profile(contract, day, files[day].digest, rows))

    for day, rows in lake.read_each(contract, [day for day in missing if day not in many]):
        keep(day, rows)
    for day in many:
        with open_day(lake, contract, day) as rows:
            keep(day, rows)
    return {day: known[its_id] for day, its_id in ids.items()}


def read_stored(contract: Contract, most: int, lake: Lake, book: Book) -> list[DayProfile]:
    """Return the stored profiles of the newest `most` days of a table, as published, oldest first.

    Unlike `read_profiles`, no day is profiled: those that no gate and no monitoring has compared are left out.
    """
    newest = lake.newest_day(contract.table) if contract.daily else None
    if newest is None:
        return []
    files = lake.day_files(contract.table, Days.one(newest).reaching_back(most - 1))
    known = book.profiles.with_ids(
        [profile_id(contract.table, day, file.digest) for day, file in files.items()]
    )
    return sorted(known.values(), key=lambda profile: profile.day)


def profile_staged(contract: Contract, batch: StagedBatch, day: date) -> DayProfile:
    """Return the profile of a day of a staged batch; of no rows if the batch has none of that day."""
    file = next((file for file in batch.files if file.day == day), None)
    if file is None:
        return DayProfile(
            id=profile_id(contract.table, day, ""), table=contract.table, day=day, rows=0, columns={}
        )
    with places.open_file(file.path) as content:
        return profile(contract, day, file.digest, pq.ParquetFile(content))
