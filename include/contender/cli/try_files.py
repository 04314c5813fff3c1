"""`contender try`: read files and check them as a dataset's gate does, without recording anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED
from contender.cli.quarantine import list_problems
from contender.installation import open_installation

if TYPE_CHECKING:
    from contender.records import GateResult


def try_files(
    dataset: Annotated[str, typer.Argument(help="The dataset's name.")],
    files: Annotated[
        list[Path], typer.Argument(help="Files as the source delivers them, or folders of such files.")
    ],
) -> None:
    """Check files against a dataset's contract, as its gate would, before they are delivered.

    Prints the verdict and every problem of each delivery: of each file or, if the contract's path has `*`, of all files
    of a day together. Rows are not compared with those of earlier days, which the gate
    also does.

    Changes nothing.
    """
    from contender.admission import try_files as try_deliveries

    spec = open_installation().catalog.dataset(dataset)
    failed = 0
    for tried in try_deliveries(spec, files):
        failed += tried.result.verdict == "fail"
        typer.echo(f"{', '.join(map(str, tried.files))}: {_verdict(tried.result)}")
        for problem in list_problems(tried.result):
            typer.echo(f"- {problem}")
    if failed:
        raise typer.Exit(CHECK_FAILED)


def _verdict(result: GateResult) -> str:
    message = {"pass": "passes", "warn": "passes with warnings", "fail": "fails"}[result.verdict]
    return f"{message}; {result.rows:,} rows"
