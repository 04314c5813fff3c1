"""Finds the user's contracts in a folder and checks them together; every mistake is one line with its fix."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contender.specs.columns import FORMS
from contender.specs.contract import Contract
from contender.specs.dataset import DatasetSpec
from contender.specs.frozen import Frozen
from contender.specs.model import Input, ModelSpec
from contender.specs.modules import load_module

SpecT = TypeVar("SpecT", DatasetSpec, ModelSpec)


class CatalogError(Exception):
    """What is wrong in the catalog: one line a mistake, each naming file, field and fix."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class Source(Frozen):
    """An input as the engine reads it: which table, and how many days ahead its newest batch is."""

    name: str
    contract: Contract
    lead_days: int
    history_days: int


class Catalog(Frozen):
    """All contracts of an installation, by name."""

    home: Path
    datasets: Mapping[str, DatasetSpec]
    models: Mapping[str, ModelSpec]

    def dataset(self, name: str) -> DatasetSpec:
        """The dataset of that name; CatalogError when there is none."""
        if name not in self.datasets:
            raise CatalogError([f"there is no dataset {name!r}{_meant(name, self.datasets)}"])
        return self.datasets[name]

    def model(self, name: str) -> ModelSpec:
        """The model of that name; CatalogError when there is none."""
        if name not in self.models:
            raise CatalogError([f"there is no model {name!r}{_meant(name, self.models)}"])
        return self.models[name]

    def model_home(self, name: str) -> Path:
        """The folder with a model's features, estimators and baseline."""
        return self.home / "models" / self.model(name).name

    def sources(self, model: ModelSpec) -> tuple[Source, ...]:
        """The tables that a model's features are built from."""
        return tuple(self._source(source) for source in model.inputs)

    @property
    def tables(self) -> dict[str, Contract]:
        """The contract of every table of the lake, by `namespace.name`: datasets first, then four a model."""
        return {contract.table: contract for contract in self.contracts()}

    def contract(self, table: str) -> Contract:
        """The contract of a table of the lake, `namespace.name`. Raises CatalogError when nobody declares it."""
        contracts = self.tables
        if table not in contracts:
            raise CatalogError([f"there is no table {table!r}{_meant(table, contracts)}"])
        return contracts[table]

    def contracts(self) -> tuple[Contract, ...]:
        """Every table that somebody declares: the datasets', then four a model."""
        declared = [dataset.contract for dataset in self.datasets.values()]
        for model in self.models.values():
            declared += model.contracts
        return tuple(declared)

    def tables_called(self, name: str) -> tuple[str, ...]:
        """The tables meant by `namespace.name`, or by a dataset's or model's name alone. Raises CatalogError."""
        tables = list(self.tables)
        found = tuple(table for table in tables if name in (table, table.partition(".")[2]))
        if not found:
            known = [*tables, *self.datasets, *self.models]
            raise CatalogError([f"there is no table {name!r}{_meant(name, known)}"])
        return found

    def _source(self, source: Input) -> Source:
        if source.dataset:
            dataset = self.dataset(source.dataset)
            contract, lead = dataset.contract, dataset.delivery.lead_days
        else:
            other = self.model(source.predictions_of or "")
            contract, lead = other.prediction_contract, other.horizon_days
        return Source(name=source.name, contract=contract, lead_days=lead, history_days=source.history_days)


def load_catalog(home: Path) -> Catalog:
    """Read `datasets/*.py` and `models/*/spec.py` below `home`. Raises CatalogError with every mistake found."""
    if not home.is_dir():
        raise CatalogError([f"{home}: no such folder: set CONTENDER_CATALOG_HOME to the catalog's"])
    mistakes: list[str] = []
    datasets = _load(DatasetSpec, sorted(home.glob("datasets/[!_]*.py")), home, mistakes)
    models = _load(ModelSpec, sorted(home.glob("models/[!_]*/spec.py")), home, mistakes)
    mistakes += _unknown_inputs(datasets, models, home) + _missing_parts(models, home)
    if not mistakes:
        mistakes += _cycles(models) + _too_short_retentions(datasets, models)
    if mistakes:
        raise CatalogError(mistakes)
    return Catalog(home=home, datasets=datasets, models=models)


def _load(kind: type[SpecT], files: list[Path], home: Path, mistakes: list[str]) -> dict[str, SpecT]:
    found: dict[str, SpecT] = {}
    for file in files:
        where = file.relative_to(home)
        expected = file.parent.name if file.name == "spec.py" else file.stem
        try:
            spec = getattr(load_module(file), "SPEC", None)
        except ValidationError as error:
            mistakes += [f"{where}: {line}" for line in _explain(error, kind)]
            continue
        except Exception as error:  # a user's file may fail in any way; all are reported alike
            mistakes.append(f"{where}: {type(error).__name__}: {error}: mend the file")
            continue
        if not isinstance(spec, kind):
            mistakes.append(f"{where}: SPEC: not found: end the file with `SPEC = {kind.__name__}(...)`")
        elif spec.name != expected:
            mistakes.append(f"{where}: name: is {spec.name!r}: call it {expected!r}, as its file")
        else:
            found[spec.name] = spec
    return found


def _explain(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    known = _fields(kind, error.title)
    details = error.errors()
    unknown = [str(detail["loc"][-1]) for detail in details if detail["type"] == "extra_forbidden"]
    misspelt = {match for name in unknown for match in get_close_matches(name, known, n=1)}
    lines = []
    for detail in details:
        if detail["type"] == "missing" and detail["loc"][-1] in misspelt:
            continue  # the line about its misspelling says it all
        # A nested record that is built in the user's file fails by itself, under its own name.
        prefix = () if error.title == kind.__name__ else (error.title,)
        field = ".".join(str(part) for part in (*prefix, *detail["loc"]))
        message = _message(detail, known)
        lines.append(f"{field}: {message}" if field else message)
    return lines


def _message(detail: ErrorDetails, known: list[str]) -> str:
    given, message = detail["input"], detail["msg"].removeprefix("Value error, ")
    match detail["type"]:
        case "missing":
            return f"missing: add `{detail['loc'][-1]}=...`"
        case "extra_forbidden":
            return f"unknown field: remove it{_meant(str(detail['loc'][-1]), known)}"
        case "string_pattern_mismatch":
            pattern = detail["ctx"]["pattern"]
            return f"{given!r} does not have the form {FORMS.get(pattern, pattern)}: mend it"
        case "too_short":
            return "is empty: give at least one"
        case "tuple_type":
            return f"{given!r} is no list of values: write ({given!r},)"
    return message if ":" in message else f"{message}, not {given!r}: mend it"


def _fields(kind: type[BaseModel], title: str) -> list[str]:
    from contender import specs

    record = kind if kind.__name__ == title else getattr(specs, title, kind)
    return list(record.model_fields)


def _meant(name: str, known: Mapping[str, object] | list[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are: {', '.join(sorted(known)) or 'none'}"


def _unknown_inputs(
    datasets: Mapping[str, DatasetSpec], models: Mapping[str, ModelSpec], home: Path
) -> list[str]:
    mistakes = []
    # One that was refused has a line of its own already.
    written = {f.stem for f in home.glob("datasets/[!_]*.py")}
    specified = {f.parent.name for f in home.glob("models/[!_]*/spec.py")}
    for model in models.values():
        for index, source in enumerate(model.inputs):
            where = f"models/{model.name}/spec.py: inputs.{index}"
            if source.dataset and source.dataset not in {*datasets, *written}:
                mistakes.append(
                    f"{where}: unknown dataset {source.dataset!r}{_meant(source.dataset, datasets)}"
                )
            if source.predictions_of and source.predictions_of not in {*models, *specified}:
                mistakes.append(
                    f"{where}: unknown model {source.predictions_of!r}{_meant(source.predictions_of, models)}"
                )
    return mistakes


def _too_short_retentions(datasets: Mapping[str, DatasetSpec], models: Mapping[str, ModelSpec]) -> list[str]:
    return [
        f"datasets/{spec.name}.py: retention_days: {spec.retention_days} is less than the {source.history_days} days "
        f"that {model.name} reads: keep as many"
        for spec in datasets.values()
        for model in models.values()
        for source in model.inputs
        if source.dataset == spec.name and (spec.retention_days or source.history_days) < source.history_days
    ]


def _missing_parts(models: Mapping[str, ModelSpec], home: Path) -> list[str]:
    parts = {"features.py": "build_features and build_labels", "baseline.py": "build_baseline"}
    return [
        f"models/{name}/{part}: not found: write it, with {content}"
        for name, model in models.items()
        for part, content in (parts | _own_parts(model)).items()
        if not (home / "models" / name / part).is_file()
    ]


def _own_parts(model: ModelSpec) -> dict[str, str]:
    parts = {f"{recipe.estimator}.py": "build_estimator" for recipe in model.recipes}
    return parts | ({"cost.py": "compute_costs"} if model.loss == "cost" else {})


def _cycles(models: Mapping[str, ModelSpec]) -> list[str]:
    graph = {
        name: {source.predictions_of for source in model.inputs if source.predictions_of}
        for name, model in models.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        chain = list(reversed(error.args[1]))
        return [
            f"models/{chain[0]}/spec.py: inputs: {' needs '.join(chain)}: a circle, "
            "which no night could begin: remove one of these inputs"
        ]
    return []
