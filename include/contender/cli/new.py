"""The commands that draft: a dataset's contract from a delivered file, a model's folder from a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contender.drafting import Draft, DraftError, choose_dataset, draft_dataset, draft_model, write_draft
from contender.installation import open_installation
from contender.landing import RawFile, describe_file
from contender.settings import Settings, settings

app = typer.Typer(
    help="Draft a dataset's contract or a model's folder: it holds at once, and says what to check.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class Kind(StrEnum):
    """One file a day, or one file that is replaced whole."""

    daily = "daily"
    reference = "reference"


Owner = Annotated[str | None, typer.Option("--owner", help="Who gets the mails, as team@company.example.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the files that are there.")]


@app.command(
    epilog="Example: contender new dataset sales --from exports/2013-09-01.csv --owner shops@company.example\n\n"
    "And one that is replaced whole: contender new dataset shops --from shops.csv --kind reference"
)
def dataset(
    name: Annotated[str, typer.Argument(help="Its name, as in till_receipts.")],
    from_file: Annotated[Path, typer.Option("--from", help="A CSV file as the source delivers it.")],
    kind: Annotated[
        Kind, typer.Option(help="Partitioned by its column day, or replaced whole.")
    ] = Kind.daily,
    owner: Owner = None,
    force: Force = False,
) -> None:
    """Write datasets/NAME.py from a delivered file: types, key, ranges, and what a person should check."""
    here = settings()
    raw = _read(from_file, _delivered_as(name, from_file, here))
    draft = draft_dataset(name, raw, kind=kind.value, owner=owner)
    _tell(draft, write_draft(draft, here.catalog_home, force=force))


@app.command(epilog="Example: contender new model returns --from sales --owner models@company.example")
def model(
    name: Annotated[str, typer.Argument(help="Its name, as in late_payment.")],
    from_dataset: Annotated[
        str | None,
        typer.Option("--from", help="The daily dataset to learn from; without it, they are named."),
    ] = None,
    owner: Owner = None,
    force: Force = False,
) -> None:
    """Write models/NAME from a dataset: spec, leak-free features, an example of a label, an estimator."""
    here = open_installation()
    source = choose_dataset(here.catalog, from_dataset)
    draft = draft_model(name, source, owner=owner)
    _tell(draft, write_draft(draft, here.settings.catalog_home, force=force))


def _read(file: Path, name: str) -> RawFile:
    try:
        return describe_file(file, name, str(file))
    except FileNotFoundError:
        raise DraftError(f"{file}: there is no such file: give one that the source has delivered") from None
    except OSError as error:
        raise DraftError(f"{file}: cannot be read: {error.strerror}: give a CSV file") from None


def _delivered_as(name: str, file: Path, here: Settings) -> str:
    """The file's place in the landing zone when it lies there, else one of its own."""
    landing = Path(here.landing).resolve()
    if file.resolve().is_relative_to(landing):
        return file.resolve().relative_to(landing).as_posix()
    return f"{name}/{file.name}"


def _tell(draft: Draft, paths: Sequence[Path]) -> None:
    for path in paths:
        typer.echo(f"Wrote {_shown(path)}")
    place = paths[0] if len(paths) == 1 else paths[0].parent
    typer.echo(f"{draft.name}: {draft.summary}; {draft.checks} guesses to check.")
    typer.echo("Next:")
    typer.echo(f"  1. look through the guesses:  grep -rn 'check:' {_shown(place)}")
    typer.echo("  2. check the catalog:         contender check, and make docs for the generated pages")
    typer.echo(f"  3. try it:                    {draft.start}")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
