"""Read the profile of a published day; it is computed once and stored in the book."""

from __future__ import annotations

from datetime import date

from contender.lake import Lake
from contender.profiles.profile import profile
from contender.records import Book, DayProfile, profile_id
from contender.specs import Contract, Days


def read_profile(contract: Contract, day: date, digest: str, lake: Lake, book: Book) -> DayProfile:
    """Return the profile of a published day, whose file has this digest."""
    known = book.profiles.get(profile_id(contract.table, day, digest))
    if known is not None:
        return known
    return book.profiles.add(profile(contract, day, digest, lake.read(contract, Days.one(day))))
