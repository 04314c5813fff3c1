"""`contender new`: draft a dataset's contract from a delivered file, or a model's folder from a dataset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contender.installation import open_installation

if TYPE_CHECKING:
    from contender.drafting import Draft
    from contender.landing import RawFile
    from contender.settings import Settings

app = typer.Typer(
    help="Draft a dataset's contract or a model's folder. The draft passes all checks and marks its guesses.",
    epilog="Example: contender new dataset sales --from exports/2013-09-01.csv",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class Kind(StrEnum):
    """How a dataset is delivered: one file per day, or one file that replaces the table."""

    daily = "daily"
    reference = "reference"


class Predicts(StrEnum):
    """What a drafted model predicts: the probability of an outcome, or a number."""

    probability = "probability"
    quantity = "quantity"


Owner = Annotated[
    str | None, typer.Option("--owner", help="E-mail address for alerts, such as team@company.example.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]


@app.command(
    epilog="Example: contender new dataset sales --from exports/2013-09-01.csv --owner shops@company.example\n\n"
    "Example of a reference table: contender new dataset shops --from shops.csv --kind reference\n\n"
    "Example of a database: contender new dataset sales --query 'select * from sales' --connection crm"
)
def dataset(
    name: Annotated[str, typer.Argument(help="The dataset's name, such as till_receipts.")],
    from_file: Annotated[
        Path | None,
        typer.Option(
            "--from", help="A CSV, JSON Lines or Parquet file from the source, or a folder of them."
        ),
    ] = None,
    query: Annotated[
        str | None, typer.Option(help="A SELECT statement without a condition on the day, instead of --from.")
    ] = None,
    connection: Annotated[
        str | None, typer.Option(help="The Airflow connection that the query will be run on.")
    ] = None,
    kind: Annotated[
        Kind, typer.Option(help="daily: partitioned by the column day; reference: replaced as a whole.")
    ] = Kind.daily,
    owner: Owner = None,
    force: Force = False,
) -> None:
    """Draft datasets/NAME.py from delivered files or a query: types, key, ranges, closed days, and guesses to check.

    Writes this file to the catalog. A query is run on the database whose SQLAlchemy URL is in
    CONTENDER_CONNECTION_URL, or is prompted for.

    Does not change existing files without --force, nor any table.
    """
    from contender.drafting import DraftError, draft_from_files, draft_query, write_draft
    from contender.specs import Query

    here = open_installation().settings
    if from_file is not None and query is None and connection is None:
        draft = draft_from_files(name, _read_below(from_file, name, here), kind=kind.value, owner=owner)
    elif from_file is None and query is not None and connection is not None:
        asked = Query(connection=connection, sql=query)
        draft = draft_query(name, asked, _database_url, kind=kind.value, owner=owner)
    else:
        raise DraftError("give either --from, or --query and --connection")
    _report(draft, write_draft(draft, here.catalog_home, force=force), here)


@app.command(
    epilog="Example: contender new model returns --from sales --owner models@company.example\n\n"
    "Example of a regression: contender new model demand --from sales --predicts quantity"
)
def model(
    name: Annotated[str, typer.Argument(help="The model's name, such as late_payment.")],
    from_dataset: Annotated[
        str | None,
        typer.Option(
            "--from", help="The daily dataset to learn from. Without it, the error lists the choices."
        ),
    ] = None,
    predicts: Annotated[
        Predicts | None,
        typer.Option(
            help="What the example label is: an outcome that happens or not, or a number. "
            "Without it, a quantity if the column can have many values."
        ),
    ] = None,
    owner: Owner = None,
    force: Force = False,
) -> None:
    """Draft models/NAME from a dataset: spec, leak-free features, an example label, and an estimator.

    Writes this folder to the catalog.

    Does not change existing files without --force, nor any table.
    """
    from contender.drafting import choose_dataset, draft_model, write_draft

    here = open_installation()
    source = choose_dataset(here.catalog, from_dataset)
    draft = draft_model(name, source, owner=owner, predicts=predicts.value if predicts else None)
    _report(draft, write_draft(draft, here.settings.catalog_home, force=force), here.settings)


def _read(file: Path, name: str) -> RawFile:
    from contender.drafting import DraftError
    from contender.landing import describe_file

    try:
        return describe_file(file, name, str(file))
    except FileNotFoundError:
        raise DraftError(f"{file}: does not exist: give a file that the source has delivered") from None
    except OSError as error:
        raise DraftError(f"{file}: cannot be read: {error.strerror}: give a CSV file") from None


@cache
def _database_url(connection: str) -> str:
    """Return the URL of the database, which is not an option, so that its password is not in the shell's history."""
    asked = f"SQLAlchemy URL of {connection}, such as postgresql+psycopg://user:password@host/database"
    return os.environ.get("CONTENDER_CONNECTION_URL") or str(typer.prompt(asked, hide_input=True))


def _read_below(place: Path, name: str, here: Settings) -> list[RawFile]:
    """Return the file, or all files below the folder except hidden ones."""
    from contender.drafting import DraftError, find_naming

    if not place.is_dir():
        return [_read(place, _delivered_as(name, place, place.parent, here))]
    files = [
        file
        for file in sorted(place.rglob("*"))
        if file.is_file() and not any(part[0] in "._" for part in file.relative_to(place).parts)
    ]
    if not files:
        raise DraftError(f"{place}: has no files: give a folder of delivered files")
    names = [_delivered_as(name, file, place, here) for file in files]
    try:
        find_naming(names)  # before any file is read
    except DraftError as error:
        raise DraftError(f"{place}: cannot be read as one dataset: {error}") from None
    return [_read(file, delivered_as) for file, delivered_as in zip(files, names, strict=True)]


def _delivered_as(name: str, file: Path, folder: Path, here: Settings) -> str:
    """Return the file's path in the landing zone, or a new one if it is elsewhere."""
    landing = Path(here.landing).resolve()
    if file.resolve().is_relative_to(landing):
        return file.resolve().relative_to(landing).as_posix()
    return f"{name}/{file.relative_to(folder).as_posix()}"


def _report(draft: Draft, paths: Sequence[Path], here: Settings) -> None:
    from contender.settings import PROJECT

    for path in paths:
        typer.echo(f"Wrote {_shown(path)}")
    place = paths[0] if len(paths) == 1 else paths[0].parent
    typer.echo(f"{draft.name}: {draft.summary}; {draft.checks} guesses to check.")
    for finding in draft.findings:
        typer.echo(f"- {finding.removeprefix('check: ')}")
    typer.echo("Next:")
    typer.echo(f"  1. review the guesses:  grep -rn 'check:' {_shown(place)}")
    pages = ", and make docs for the generated pages" if paths[0].is_relative_to(PROJECT) else ""
    typer.echo(f"  2. check the catalog:   contender check{pages}")
    typer.echo(f"  3. load it:             {draft.start}")
    typer.echo(f"The landing zone is {here.landing}.")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
