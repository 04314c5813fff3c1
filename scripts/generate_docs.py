"""Generate the reference pages of docs/ from the DAGs, settings, catalog, access.yaml, tests and decision records.

python -m scripts.generate_docs           write the pages
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contender.settings import PROJECT, Settings
from contender.specs import Column, DatasetSpec, ModelSpec, describe, load_catalog
from scripts.access_page import render_access

DOCS = PROJECT / "docs"
MADE = "<!-- Made by `make docs`; do not edit. -->\n"


def render_pages() -> dict[Path, str]:
    """Return the text of every generated page, by path."""
    return {
        DOCS / "DAGS.md": render_dags(),
        DOCS / "SETTINGS.md": render_settings(),
        DOCS / "CONTRACTS.md": render_contracts(),
        DOCS / "BAD_DELIVERIES.md": render_bad_deliveries(),
        DOCS / "adr" / "README.md": render_decisions(),
        DOCS / "ACCESS.md": f"{MADE}\n{render_access(load_catalog(PROJECT / 'include' / 'catalog'))}",
    }


def render_dags() -> str:
    """Return the page of DAGs: per DAG file, its docstring and a table of its DAGs."""
    from airflow.dag_processing.dagbag import DagBag

    os.environ.setdefault("CONTENDER_NIGHTLY_FROM", "2013-09-01")  # so that cron expressions are shown
    sys.path.insert(0, str(PROJECT / "plugins"))  # as in Airflow
    bag = DagBag(str(PROJECT / "dags"))
    if bag.import_errors:
        raise SystemExit("\n".join(f"{file}: {error}" for file, error in bag.import_errors.items()))
    dags = sorted(bag.dags.values(), key=lambda dag: dag.dag_id)
    lines = [MADE, "# DAGs\n", "The text of a section is also the DAG's page in the Airflow UI.\n"]
    for file in sorted((PROJECT / "dags").glob("*.py"), key=_order):
        page = ast.get_docstring(ast.parse(file.read_text())) or ""
        lines += [f"## dags/{file.name}\n", page.replace("### ", "**", 1).replace(".\n", ".**\n", 1), ""]
        lines += ["| DAG | starts | owner | purpose |", "| --- | --- | --- | --- |"]
        lines += [_dag_line(dag) for dag in dags if Path(dag.fileloc).name == file.name]
        lines.append("")
    return "\n".join(lines)


def render_settings() -> str:
    """Return the page of settings: variable, default and meaning of each."""
    lines = [
        MADE,
        "# Settings\n",
        "Settings are read from the environment. None is a secret: the mail server is the Airflow connection",
        "`smtp_default`, Spark is `spark_default`, and S3 credentials are read from AWS's own variables.\n",
        "| variable | default | meaning |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        default = (
            "–" if field.default in ("", None) else str(field.default).replace(str(PROJECT), "<project>")
        )
        lines.append(f"| `CONTENDER_{name.upper()}` | `{default}` | {field.description} |")
    return "\n".join(lines) + "\n"


def render_bad_deliveries() -> str:
    """Return the page of bad deliveries: per kind, a description, the verdict and the message."""
    from tests.bad_deliveries.kinds import KINDS
    from tests.bad_deliveries.places import PLACES
    from tests.bad_deliveries.shapes import SHAPES

    lines = [
        MADE,
        "# Bad deliveries\n",
        "Each kind is made from a real file by a function of that name in `tests/bad_deliveries/`; those of `orders`",
        "are small files in other shapes, such as several files a day. Tests verify the verdict, the text of the",
        "message, and that no rejected delivery is published or lost.\n",
        "- **fail**: quarantined; mail to the owner; nothing downstream runs. **warn**: published with a warning.",
        "- **waits**: tried again until the grace period of the contract is over. **refused**: not read; mail to the",
        "  owner.\n",
        "| kind | delivery | dataset | verdict | message contains |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [_bad_delivery(k.name, k.what, k.dataset, k.outcome, k.told) for k in KINDS]
    lines += [_bad_delivery(p.name, p.what, "departures", p.outcome, p.told) for p in PLACES]
    lines += [_bad_delivery(s.name, s.what, "orders", s.outcome, s.told) for s in SHAPES]
    return "\n".join([*lines, f"\n{len(KINDS) + len(PLACES) + len(SHAPES)} kinds.", ""])


def _bad_delivery(name: str, what: str, dataset: str, outcome: str, told: tuple[str, ...]) -> str:
    words = " … ".join(f"`{part}`" for part in told)
    return f"| {name} | {what} | {dataset} | **{outcome}** | {words} |"


def render_decisions() -> str:
    """Return the list of decision records: number and title of each."""
    lines = [MADE, "# Decision records\n", "Why Contender is built as it is: one page per decision.\n"]
    lines += ["| number | decision |", "| --- | --- |"]
    for file in sorted((DOCS / "adr").glob("[0-9]*.md")):
        number, _, title = file.read_text().partition("\n")[0].removeprefix("# ").partition(". ")
        lines.append(f"| {number} | [{title}]({file.name}) |")
    return "\n".join(lines) + "\n"


def render_contracts() -> str:
    """Return the page of contracts: every dataset and model with columns, owner and checks."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    lines = [MADE, "# Contracts\n"]
    for dataset in catalog.datasets.values():
        lines += _dataset_section(dataset)
    for model in catalog.models.values():
        lines += _model_section(model)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every page."""
    DOCS.mkdir(exist_ok=True)
    for path, text in render_pages().items():
        path.write_text(text)
        print(path.relative_to(PROJECT))


def _order(file: Path) -> int:
    night = ("ingest", "features", "score", "retrain", "monitor", "operations")
    return night.index(file.stem) if file.stem in night else len(night)


def _dag_line(dag: Any) -> str:
    timetable = dag.timetable
    if timetable.asset_condition is not None:
        names = sorted(_asset_names(timetable.asset_condition))
        starts = "when published: " + ", ".join(f"`{name}`" for name in names)
    elif timetable.can_be_scheduled:
        starts = f"`{timetable.expression}` UTC"
    else:
        starts = "by hand"
    owner = dag.tasks[0].owner if dag.tasks else "–"  # a DAG with one task per model, without models
    return f"| `{dag.dag_id}` | {starts} | {owner} | {dag.description} |"


def _asset_names(condition: Any) -> Iterator[str]:
    if hasattr(condition, "objects"):
        for part in condition.objects:
            yield from _asset_names(part)
    else:
        yield condition.name


def _dataset_section(dataset: DatasetSpec) -> list[str]:
    checks = [describe(expectation, 1) for expectation in dataset.expectations]
    closed = str(dataset.delivery.closed_days)
    closures = (
        f" Closed on {closed}: no file is expected, and rows of that day fail the gate." if closed else ""
    )
    return [
        f"## Dataset `{dataset.name}`\n",
        f"{dataset.description} Owner: {dataset.owner}. Delivered as {dataset.delivery.origin}, "
        f"due at `{dataset.delivery.cron}` UTC. Key: {', '.join(dataset.primary_key)}.{closures}\n",
        *_columns(dataset.columns),
        "",
        "Checks of each batch: " + "; ".join(checks) + ".\n",
        *([f"Guarantees to consumers: {' '.join(dataset.guarantees)}\n"] if dataset.guarantees else []),
    ]


def _model_section(model: ModelSpec) -> list[str]:
    inputs = ", ".join(source.name for source in model.inputs)
    recipes = "; ".join(
        f"`{r.name}`, on up to {r.window_days} days" + (f", weighted by {r.weight}" if r.weight else "")
        for r in model.recipes
    )
    strategies = ", ".join(f"`{recipe.name}`" for recipe in model.strategies)
    recovery = f" Strategies in a break: {strategies}." if strategies else ""
    return [
        f"## Model `{model.name}`\n",
        f"{model.description} Owner: {model.owner}. Built from {inputs}. Recipes: {recipes}.{recovery} "
        f"Evaluated on the newest {model.evaluation_days} days with known labels. "
        f"Night *N* scores day {_counted(model.horizon_days)} and receives the labels of day "
        f"{_counted(-model.label_maturity_days)}.{_asked(model)}\n",
        *_columns(model.features),
        "",
    ]


def _asked(model: ModelSpec) -> str:
    asks = {
        "refreshes": model.approval.refreshes,
        "new recipes": model.approval.new_recipes,
        "the first version": model.approval.first,
    }
    asked = ", ".join(what for what, wished in asks.items() if wished)
    return f" A person approves {asked}, within {model.approval.hours:g} hours." if asked else ""


def _counted(days: int) -> str:
    return f"*N {'+' if days > 0 else '-'} {abs(days)}*" if days else "*N*"


def _columns(columns: tuple[Column, ...]) -> list[str]:
    lines = ["| column | type | unit | nullable | description |", "| --- | --- | --- | --- | --- |"]
    for column in columns:
        missing = "yes" if column.nullable else ""
        lines.append(
            f"| {column.name} | {column.type} | {column.unit or ''} | {missing} | {column.description} |"
        )
    return lines


if __name__ == "__main__":
    main()
