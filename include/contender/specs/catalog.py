"""Load the user's contracts from the catalog folder and check that they are consistent."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from contender.specs.contract import Contract
from contender.specs.dataset import DatasetSpec
from contender.specs.frozen import Frozen
from contender.specs.inputs import Input
from contender.specs.mistakes import CatalogError, UnknownNameError, explain, suggest
from contender.specs.model import ModelSpec
from contender.specs.modules import load_module

SpecT = TypeVar("SpecT", DatasetSpec, ModelSpec)


class Source(Frozen):
    """An input of a model: its table's contract, and the days that are known and read in a night."""

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
        """Return the dataset of that name. Raises UnknownNameError if there is none."""
        if name not in self.datasets:
            raise UnknownNameError([f"there is no dataset {name!r}{suggest(name, self.datasets)}"])
        return self.datasets[name]

    def model(self, name: str) -> ModelSpec:
        """Return the model of that name. Raises UnknownNameError if there is none."""
        if name not in self.models:
            raise UnknownNameError([f"there is no model {name!r}{suggest(name, self.models)}"])
        return self.models[name]

    def model_home(self, name: str) -> Path:
        """Return the folder with a model's features, estimators and baseline."""
        return self.home / "models" / self.model(name).name

    def sources(self, model: ModelSpec) -> tuple[Source, ...]:
        """Return the tables that a model's features are built from."""
        return tuple(self._source(source) for source in model.inputs)

    @property
    def tables(self) -> dict[str, Contract]:
        """The contracts of all tables by `namespace.name`: the datasets, then five tables per model."""
        return {contract.table: contract for contract in self.contracts()}

    def contract(self, table: str) -> Contract:
        """Return the contract of a table, `namespace.name`. Raises UnknownNameError if there is none."""
        name = table.partition(".")[2]
        found = [self.datasets[name].contract] if name in self.datasets else []
        found += self.models[name].contracts if name in self.models else ()
        for contract in found:
            if contract.table == table:
                return contract
        raise UnknownNameError([f"there is no table {table!r}{suggest(table, self.tables)}"])

    def contracts(self) -> tuple[Contract, ...]:
        """Return the contracts of all tables: the datasets, then five tables per model."""
        declared = [dataset.contract for dataset in self.datasets.values()]
        for model in self.models.values():
            declared += model.contracts
        return tuple(declared)

    def tables_called(self, name: str) -> tuple[str, ...]:
        """Return the tables called `namespace.name`, or all tables of a dataset or model. Raises CatalogError."""
        tables = list(self.tables)
        found = tuple(table for table in tables if name in (table, table.partition(".")[2]))
        if not found:
            known = [*tables, *self.datasets, *self.models]
            raise UnknownNameError([f"there is no table {name!r}{suggest(name, known)}"])
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
    """Load `datasets/*.py` and `models/*/spec.py` below `home`. Raises CatalogError with all mistakes."""
    if not home.is_dir():
        raise CatalogError([f"{home}: no such folder: set CONTENDER_CATALOG_HOME to the catalog's folder"])
    mistakes: list[str] = []
    datasets = _load(DatasetSpec, sorted(home.glob("datasets/[!_]*.py")), home, mistakes)
    models = _load(ModelSpec, list_model_files(home), home, mistakes)
    mistakes += _unknown_inputs(datasets, models, home) + _missing_parts(models, home)
    if not mistakes:
        mistakes += _cycles(models) + _too_short_retentions(datasets, models)
    if mistakes:
        raise CatalogError(mistakes)
    return Catalog(home=home, datasets=datasets, models=models)


def list_model_files(home: Path) -> list[Path]:
    """Return the file of each model's spec below `home`, in order; none is loaded."""
    return sorted(home.glob("models/[!_]*/spec.py"))


def _load(kind: type[SpecT], files: list[Path], home: Path, mistakes: list[str]) -> dict[str, SpecT]:
    found: dict[str, SpecT] = {}
    for file in files:
        where = file.relative_to(home)
        expected = file.parent.name if file.name == "spec.py" else file.stem
        try:
            spec = getattr(load_module(file), "SPEC", None)
        except ValidationError as error:
            mistakes += [f"{where}: {line}" for line in explain(error, kind)]
            continue
        except Exception as error:  # a user's file may raise anything
            mistakes.append(f"{where}: {type(error).__name__}: {error}: correct the file")
            continue
        if not isinstance(spec, kind):
            mistakes.append(f"{where}: SPEC: not found: end the file with `SPEC = {kind.__name__}(...)`")
        elif spec.name != expected:
            mistakes.append(
                f"{where}: name: is {spec.name!r}: change it to {expected!r}, the name of its file or folder"
            )
        else:
            found[spec.name] = spec
    return found


def _unknown_inputs(
    datasets: Mapping[str, DatasetSpec], models: Mapping[str, ModelSpec], home: Path
) -> list[str]:
    mistakes = []
    # Specs that failed to load are reported already, so references to them are not.
    known_datasets = datasets.keys() | {f.stem for f in home.glob("datasets/[!_]*.py")}
    known_models = models.keys() | {f.parent.name for f in list_model_files(home)}
    for model in models.values():
        for index, source in enumerate(model.inputs):
            where = f"models/{model.name}/spec.py: inputs.{index}"
            if source.dataset and source.dataset not in known_datasets:
                mistakes.append(
                    f"{where}: unknown dataset {source.dataset!r}{suggest(source.dataset, datasets)}"
                )
            if source.predictions_of and source.predictions_of not in known_models:
                mistakes.append(
                    f"{where}: unknown model {source.predictions_of!r}{suggest(source.predictions_of, models)}"
                )
    return mistakes


def _too_short_retentions(datasets: Mapping[str, DatasetSpec], models: Mapping[str, ModelSpec]) -> list[str]:
    return [
        f"datasets/{spec.name}.py: retention_days: {spec.retention_days} is less than the {source.history_days} days "
        f"that the model {model.name} reads: raise it to {source.history_days} or more"
        for model in models.values()
        for source in model.inputs
        if (spec := datasets.get(source.dataset or ""))
        if (spec.retention_days or source.history_days) < source.history_days
    ]


def _missing_parts(models: Mapping[str, ModelSpec], home: Path) -> list[str]:
    parts = {"features.py": "build_features and build_labels", "baseline.py": "build_baseline"}
    return [
        f"models/{name}/{part}: not found: create it with {content}"
        for name, model in models.items()
        for part, content in (_own_parts(model) | parts).items()
        if not (home / "models" / name / part).is_file()
    ]


def _own_parts(model: ModelSpec) -> dict[str, str]:
    parts = {f"{recipe.estimator}.py": "build_estimator" for recipe in model.all_recipes}
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
            f"models/{chain[0]}/spec.py: inputs: the models depend on each other ({' needs '.join(chain)}): "
            "remove one of these inputs"
        ]
    return []
