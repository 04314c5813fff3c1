"""JSON output of records."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from contender.specs.frozen import Frozen


def echo_json(records: Iterable[Frozen]) -> None:
    """Print the records as one JSON array, with one record per line."""
    typer.echo("[" + ",\n".join(record.model_dump_json() for record in records) + "]")
