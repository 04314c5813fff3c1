"""The files that the project's conventions apply to: its own code and its examples, not a user's catalog."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contender.settings import PROJECT

FOLDERS = ("dags", "plugins", "include/contender", "spark_jobs", "demo", "scripts")
EXAMPLE_MODELS = ("flight_delay", "household_return")
EXAMPLE_DATASETS = (
    "airports",
    "demographics",
    "departures",
    "planes",
    "products",
    "schedule",
    "transactions",
    "weather",
)


def list_modules(project: Path = PROJECT, folders: Iterable[str] = FOLDERS) -> list[Path]:
    """Return the modules in these folders, and those of the examples that are still in the catalog."""
    found = {path for folder in folders for path in (project / folder).rglob("*.py")}
    return sorted(found | set(list_examples(project)))


def list_examples(project: Path = PROJECT) -> list[Path]:
    """Return the modules of the project's example datasets and models, as far as a user has kept them."""
    catalog = project / "include" / "catalog"
    datasets = [catalog / "datasets" / f"{name}.py" for name in EXAMPLE_DATASETS]
    models = [path for name in EXAMPLE_MODELS for path in (catalog / "models" / name).glob("*.py")]
    return sorted(path for path in (*datasets, *models) if path.is_file())
