"""`contender check`: find mistakes in the catalog, differences between engines, and features that use later days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED, UsageError
from contender.cli.leaks import check_leaks
from contender.installation import Installation, open_installation
from contender.redaction import redact

if TYPE_CHECKING:
    from contender.specs import ModelSpec

Model = Annotated[str | None, typer.Argument(help="With --leaks: the model to check; all if left out.")]
Leaks = Annotated[
    bool, typer.Option("--leaks", help="Build a night with changed later days: its features must stay equal.")
]
Night = Annotated[
    str | None, typer.Option(help="With --leaks: the night to build. By default the newest with later days.")
]
Spark = Annotated[bool, typer.Option("--spark", help="With --leaks: build on Spark, too.")]
Engines = Annotated[
    bool | None,
    typer.Option(
        "--engines/--no-engines",
        help="Also build each model's features and labels of a sample on Spark and DuckDB, and compare them. By "
        'default for models with engine="auto", if Java is installed. Takes about a minute.',
    ),
]


def check(
    model: Model = None,
    engines: Engines = None,
    leaks: Leaks = False,
    night: Night = None,
    spark: Spark = False,
) -> None:
    """Check every contract, behaviour test and estimator of the catalog: one line per mistake.

    A line names file, field and fix. With --leaks, check that features and labels do not depend on days that a night
    cannot know, with the tables of the lake. Changes nothing.
    """
    from contender.specs import Days

    if not leaks and (model or night or spark):
        raise UsageError(
            f"unexpected extra argument {model or night or '--spark'}: add --leaks to check for leaks"
        )
    here = open_installation()
    chosen = None if model is None else here.catalog.model(model).name
    _check_catalog(here, engines)
    if leaks:
        names = list(here.catalog.models) if chosen is None else [chosen]
        if not check_leaks(here, names, None if night is None else Days.one(night).first, spark=spark):
            raise typer.Exit(CHECK_FAILED)


def _check_catalog(here: Installation, engines: bool | None) -> None:
    """Print the mistakes in the catalog and end with 1, or print the number of contracts."""
    from contender.featurizing import find_engine_differences
    from contender.specs import ACCESS_FILE, CatalogError, check_behaviours, load_access
    from contender.training import find_unusable_recipes

    compared = 0
    try:
        catalog = here.catalog
        mistakes = [*check_behaviours(catalog), *find_unusable_recipes(catalog)]
        # Without the file, as in an installation of one person, only Airflow's administrators have rights.
        roles = len(load_access(catalog).roles) if (catalog.home / ACCESS_FILE).exists() else 0
        if not mistakes:
            models = choose_compared(here, engines)
            mistakes, compared = find_engine_differences(catalog, models, here.settings), len(models)
    except CatalogError as error:
        mistakes = error.mistakes
    for mistake in mistakes:
        typer.echo(redact(mistake), err=True)
    if mistakes:
        raise typer.Exit(CHECK_FAILED)
    typer.echo(
        f"{len(catalog.datasets)} datasets, {len(catalog.models)} models and {roles} roles: no mistakes. "
        + _describe_comparison(compared, engines)
    )
    if not catalog.datasets:
        typer.echo("Next: draft the contract of your first dataset: contender new dataset NAME --from FILE")


def _describe_comparison(compared: int, engines: bool | None) -> str:
    from contender.featurizing import has_java

    if compared or engines is False or has_java():
        return f"{compared} models were compared on Spark and DuckDB."
    return "Without Java, no model was compared on Spark and DuckDB."


def choose_compared(here: Installation, engines: bool | None) -> tuple[ModelSpec, ...]:
    """Return the models to compare on both engines. Raises UsageError if Spark is asked for and Java is missing."""
    from contender.featurizing import has_java, runs_on_both

    models = tuple(here.catalog.models.values())
    if engines:
        if not has_java():
            raise UsageError("--engines: Spark needs Java: install Java 17, or leave the option out")
        return models
    if engines is False or not has_java():
        return ()
    return tuple(model for model in models if runs_on_both(model, here.settings))
