"""Draft the contract of a dataset that a query delivers, from the rows of its newest day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contender.drafting.dataset import Kind, describe_draft
from contender.drafting.draft import CHECK, Draft, DraftError, check_name, check_owner
from contender.drafting.infer import fits
from contender.drafting.keys import find_key
from contender.drafting.profile import FileProfile, profile_files
from contender.drafting.shape import Key
from contender.file_formats import to_plain
from contender.lake.schema import arrow_type
from contender.landing import LandingError, NotDelivered
from contender.querying import Connect, fetch_rows, sample_query
from contender.specs import Delivery, JsonLines, Parquet, Query

_GLANCE = 1_000  # rows that are searched for the column of the day
_NAMES = ("day", "date", "business_day")


def draft_query(
    name: str, query: Query, connect: Connect, *, kind: Kind = "daily", owner: str | None = None
) -> Draft:
    """Draft the contract of a query without `:day`: types of the database, key, day, and the query of one day.

    Raises DraftError if the query fails or returns no rows, if a daily query has no column with the day, or if no
    columns identify the rows of a day.
    """
    check_name(name)
    if owner is not None:
        check_owner(owner)
    if ":day" in query.sql:
        raise DraftError("the query contains :day: leave out its condition, which the draft adds")
    with TemporaryDirectory() as folder:
        try:
            found, profile = _profile(query, connect, Path(folder), kind)
        except (LandingError, NotDelivered) as error:
            raise DraftError(str(error)) from None
    key = Key(find_key(profile.columns))
    delivery = Delivery(
        query=found,
        names=dict(profile.names),
        ignored=profile.ignored,
        cron="0 6 * * *" if kind == "daily" else "0 6 * * 1",
    )
    return describe_draft(name, profile, key, delivery, owner)


def _profile(query: Query, connect: Connect, folder: Path, kind: Kind) -> tuple[Query, FileProfile]:
    """Return the drafted query and the profile of the rows that it returns."""
    is_sqlite = connect(query.connection).startswith("sqlite")
    glance = sample_query(query, connect, folder, _GLANCE)
    glance = _with_times(glance) if is_sqlite else glance
    day = _find_day(glance) if kind == "daily" else None
    rows, drafted = query, query
    if day is not None:
        whole = f"select * from ({query.sql}) as query_rows"  # noqa: S608
        newest = f'(select max("{day}") from ({query.sql}) as newest_rows)'  # noqa: S608
        rows = query.model_copy(update={"sql": f'{whole} where "{day}" = {newest}'})
        drafted = query.model_copy(update={"sql": f'{whole} where "{day}" = :day'})
    raw = fetch_rows(rows, None, connect, folder)
    if is_sqlite:
        pq.write_table(_with_times(pq.read_table(raw.copy_path)), raw.copy_path)
    profile = profile_files([raw])
    if day is not None:
        profile = _name_day(profile, day)
    assert isinstance(profile.format, Parquet)
    return drafted.model_copy(update={"zone": profile.format.zone}), profile


def _find_day(rows: pa.Table) -> str:
    dates = [field.name for field in rows.schema if pa.types.is_date(field.type)]
    named = [name for name in _NAMES if name in dates]
    if named or len(dates) == 1:
        return (named or dates)[0]
    raise DraftError(_no_day(dates))


def _no_day(dates: Sequence[str]) -> str:
    found = f"{', '.join(dates)} are dates" if dates else "the query returns no date"
    return (
        f"{found}: return the business day as the column day, such as `cast(sold_at as date) as day`, "
        "or use --kind reference"
    )


def _with_times(rows: pa.Table) -> pa.Table:
    """Return the rows with the dates and times that SQLite has as texts."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_string(field.type) and rows[field.name].null_count < rows.num_rows:
            rows = rows.set_column(index, field.name, _to_times(rows[field.name].combine_chunks()))
    return rows


def _to_times(texts: pa.Array) -> pa.Array:
    if fits(texts, "date"):
        return pc.cast(texts, arrow_type("date"))
    if fits(texts, "timestamp"):
        return pc.cast(texts, arrow_type("timestamp"))
    local = JsonLines(zone="UTC")
    if fits(texts, "timestamp", local):
        times = pc.cast(to_plain(texts, "timestamp", local), arrow_type("timestamp"))
        return pc.cast(times, pa.timestamp("us"))
    return texts


def _name_day(profile: FileProfile, day: str) -> FileProfile:
    name = next((column for column, given in profile.names.items() if given == day), day)
    if name == "day":
        return profile
    note = f"{CHECK}{day} is the day of the delivery; its newest day, which was profiled, may be incomplete"
    return replace(profile.rename({name: "day"}), findings=(*profile.findings, note))
