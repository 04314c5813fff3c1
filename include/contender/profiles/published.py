"""The profiles of published days, which are computed once and stored in the book, and of staged ones."""

from __future__ import annotations

from datetime import date

import pyarrow.parquet as pq

from contender.lake import Lake, places
from contender.profiles.profile import profile
from contender.records import Book, DayProfile, StagedBatch, profile_id
from contender.specs import Contract, Days


def read_profile(contract: Contract, day: date, digest: str, lake: Lake, book: Book) -> DayProfile:
    """Return the profile of a published day, whose file has this digest."""
    known = book.profiles.get(profile_id(contract.table, day, digest))
    if known is not None:
        return known
    return book.profiles.add(profile(contract, day, digest, lake.read(contract, Days.one(day))))


def profile_staged(contract: Contract, batch: StagedBatch, day: date) -> DayProfile:
    """Return the profile of a day of a staged batch; of no rows if the batch has none of that day."""
    file = next((file for file in batch.files if file.day == day), None)
    if file is None:
        return DayProfile(
            id=profile_id(contract.table, day, ""), table=contract.table, day=day, rows=0, columns={}
        )
    with places.open_file(file.path) as content:
        return profile(contract, day, file.digest, pq.ParquetFile(content))
