"""Write a source's files into a landing zone, a folder or an S3 prefix: the contract's columns, sorted by its key."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pandas as pd
import pyarrow as pa

from contender.settings import settings
from contender.specs import DatasetSpec, Days, load_catalog
from demo.source import flights, groceries, stocks
from demo.source.package import Source

SOURCES = (flights.SOURCE, groceries.SOURCE, stocks.SOURCE)

Fault = Callable[[bytes], bytes]


def source_of(dataset: str) -> Source:
    """Return the source that delivers a dataset. Raises LookupError if no source does."""
    for source in SOURCES:
        if dataset in source.daily or dataset in source.reference:
            return source
    raise LookupError(f"no simulated source delivers {dataset!r}")


@dataclass(frozen=True)
class Dropped:
    """The result of a delivery: `place` is None if the source has no rows of the day, and therefore no file."""

    place: str | None
    rows: int
    day: date | None = None


def drop(
    dataset: str,
    days: Iterable[date],
    landing: str,
    *,
    fault: Fault | None = None,
    endpoint: str | None = None,
) -> list[Dropped]:
    """Write the dataset's file of each day, except days without rows."""
    spec = _spec(dataset)
    by_day = _by_day(dataset)
    dropped = []
    for day in days:
        if day.isoformat() not in by_day:
            dropped.append(Dropped(None, 0, day))
            continue
        rows = by_day[day.isoformat()]
        content = _csv(rows, spec)
        name = _path(spec).format(day=day)
        place = _write(landing, name, fault(content) if fault else content, endpoint)
        dropped.append(Dropped(place, len(rows), day))
    return dropped


def _path(spec: DatasetSpec) -> str:
    assert spec.delivery.path is not None
    return spec.delivery.path


def drop_reference(
    landing: str, sources: Iterable[Source] = SOURCES, *, endpoint: str | None = None
) -> list[Dropped]:
    """Write the reference tables of the sources."""
    tables = [(dataset, read) for source in sources for dataset, read in source.reference.items()]
    dropped = []
    for dataset, read in tables:
        spec, rows = _spec(dataset), read()
        dropped.append(Dropped(_write(landing, _path(spec), _csv(rows, spec), endpoint), len(rows)))
    return dropped


def rows_of(dataset: str, days: Days) -> pa.Table:
    """Return the source's rows of these days, with all values as text."""
    by_day = _by_day(dataset)
    parts = [by_day[str(day)] for day in days.each() if str(day) in by_day]
    columns = list(_spec(dataset).contract.column_names)
    return pa.Table.from_pandas(pd.concat(parts)[columns], preserve_index=False)


@cache
def _by_day(dataset: str) -> Mapping[str, pd.DataFrame]:
    rows = source_of(dataset).daily[dataset]()
    return {str(key): part for key, part in rows.groupby("day")}


@cache
def _spec(dataset: str) -> DatasetSpec:
    return load_catalog(settings().catalog_home).dataset(dataset)


def _csv(rows: pd.DataFrame, spec: DatasetSpec) -> bytes:
    columns = list(spec.contract.column_names)
    ordered = rows[columns].sort_values(list(spec.primary_key), kind="stable")
    text = io.StringIO()
    ordered.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode()


def _write(landing: str, name: str, content: bytes, endpoint: str | None) -> str:
    if landing.startswith("s3://"):
        return _upload(landing, name, content, endpoint)
    target = Path(landing) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    draft.write_bytes(content)
    draft.replace(target)
    return str(target)


def _upload(landing: str, name: str, content: bytes, endpoint: str | None) -> str:
    parts = urlsplit(landing)
    key = "/".join(filter(None, (parts.path.strip("/"), name)))
    client: Any = boto3.client("s3", endpoint_url=endpoint)
    client.put_object(Bucket=parts.netloc, Key=key, Body=content)
    return f"s3://{parts.netloc}/{key}"
