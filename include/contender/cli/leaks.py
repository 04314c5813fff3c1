"""`contender check --leaks`: whether a night's features change with data that it cannot know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import typer

from contender.installation import Installation

if TYPE_CHECKING:
    from contender.featurizing import Checked
    from contender.featurizing.plan import Engine


def check_leaks(here: Installation, models: Sequence[str], night: date | None, *, spark: bool) -> bool:
    """Check models on DuckDB, and on Spark if asked for; print a line per leak and return whether there is none.

    Raises BuildError if a model could not be checked, after the others were.
    """
    from contender.featurizing import BuildError, find_leaks

    engines: tuple[Engine, ...] = ("duckdb", "spark") if spark else ("duckdb",)
    clean, failures = True, []
    for name in models:
        try:
            checked = [find_leaks(here, here.catalog.model(name), night, engine) for engine in engines]
        except BuildError as error:
            failures.append(str(error))
            continue
        for line in describe_leaks(checked):
            clean = False
            typer.echo(line, err=True)
        if not any(each.leaks for each in checked):
            nights = checked[0].nights
            typer.echo(
                f"{name}: night {nights.first} does not depend on the days up to night {nights.last}, which it "
                f"cannot know (built on {' and '.join(engines)})."
            )
    if failures and clean:
        raise BuildError("\n".join(failures))
    for failure in failures:
        typer.echo(failure, err=True)
    return clean


def describe_leaks(checked: Sequence[Checked]) -> Iterator[str]:
    """Yield each leak in one line, with the engine if not all of them found it."""
    found: dict[str, list[str]] = {}
    for each in checked:
        for leak in each.leaks:
            found.setdefault(str(leak), []).append(each.engine)
    for line, engines in found.items():
        yield line if len(engines) == len(checked) else f"{line} (on {engines[0]} only)"
