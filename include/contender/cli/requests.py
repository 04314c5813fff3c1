"""`contender requests`: compare the logged online predictions of a day with batch scoring."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED, UsageError
from contender.cli.terminal import echo_json, echo_tables, make_table
from contender.installation import open_installation


def requests(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    day: Annotated[
        str | None, typer.Argument(help="Day of the answers, in UTC; by default yesterday.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Compute the logged online predictions of a day again by batch scoring, and compare them bit by bit.

    Exits with 1 if any differ. The DAG `operations__requests` does the same every night, and opens an incident.

    Changes nothing.
    """
    from contender.serving.comparing import check_requests

    here = open_installation()
    found = check_requests(here, here.catalog.model(model), _parse(day))
    if as_json:
        echo_json(found)
    else:
        typer.echo(found.summary())
        if found.differences:
            table = make_table("request", "row", "version", "column", "answered", "computed again")
            for one in found.differences:
                table.add_row(
                    one.request, str(one.row), str(one.version), one.column, one.logged, one.computed
                )
            echo_tables(table)
    if found.differing:
        raise typer.Exit(CHECK_FAILED)


def _parse(day: str | None) -> date:
    from contender.specs import DaysError, parse_day

    if day is None:
        return datetime.now(UTC).date() - timedelta(days=1)
    try:
        return parse_day(day)
    except DaysError as error:
        raise UsageError(str(error)) from None
