"""Deliver days of the simulated sources into the landing zone, from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from contender.settings import settings
from contender.specs import Days, DaysError, resolve_days
from demo.source.dropping import SOURCES, drop, drop_reference
from demo.source.package import Source


def main(
    first: Annotated[
        str,
        typer.Argument(
            help="First day, YYYY-MM-DD. Flights are from 2013, groceries from 2017, stock prices from 2018 to 2022."
        ),
    ],
    last: Annotated[str, typer.Argument(help="Last day, included.")],
    landing: Annotated[str, typer.Option(help="A folder or s3://bucket/prefix.")] = "",
) -> None:
    """Deliver the days FIRST to LAST of every source that has them, and its reference tables, into the landing zone.

    Example: python -m demo.source 2013-09-01 2013-09-03
    """
    here = settings()
    try:
        days = resolve_days(None, {"first": first, "last": last})
    except DaysError as error:
        raise typer.BadParameter(str(error)) from None
    place = landing or here.landing
    knowing = [source for source in SOURCES if _overlap(source.days, days)]
    if not knowing:
        known = "; ".join(f"{source.package} {source.days.key}" for source in SOURCES)
        raise typer.BadParameter(f"no source has a day of {days.key}; available days: {known}")
    for source in knowing:
        _drop_all(source, days, place, here.landing_endpoint)


def _drop_all(source: Source, days: Days, landing: str, endpoint: str | None) -> None:
    for dataset in source.daily:
        dropped = drop(dataset, days.each(), landing, endpoint=endpoint)
        print(f"{dataset}: {sum(file.place is not None for file in dropped)} files")
        if missing := [str(file.day) for file in dropped if file.place is None]:
            print(f"  no rows, so no file: {', '.join(missing)}")
    print(f"reference: {len(drop_reference(landing, [source], endpoint=endpoint))} files")


def _overlap(one: Days, other: Days) -> bool:
    return one.first <= other.last and other.first <= one.last


if __name__ == "__main__":
    typer.run(main)
