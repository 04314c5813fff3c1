"""Fitted versions in MLflow: register, find and load them, and move the alias of the serving version."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlflow.entities import Metric, Param
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from contender.creation import creation_lock
from contender.model_code import CodeName, digest_content, imported_content
from contender.records import TrainedVersion, TrainingSketch
from contender.safe_storage import StoredPipeline, UnsafeModel, own_code, store_pipeline
from contender.settings import Settings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CHAMPION = "champion"

_RECORD = "contender.record"
_FIT = "contender.fit"
_LEDGER = "contender.ledger"
_SKETCH = "training-rows.json"
_MOST_PARAMETERS = 100  # in one request


class UnknownVersion(LookupError):  # noqa: N818 - an unknown name, not a failure
    """The registry has no version with this number."""


class Registry:
    """An open registry. Every version has two pipelines: the model, and the baseline fitted on the same rows."""

    def __init__(self, client: MlflowClient, artifacts: str | None) -> None:
        self._client = client
        self._artifacts = artifacts

    def register(
        self,
        trained: TrainedVersion,
        fit: str,
        model: Pipeline,
        baseline: Pipeline,
        *,
        parameters: Mapping[str, object],
        requirements: Sequence[str],
        sketch: TrainingSketch | None = None,
    ) -> TrainedVersion:
        """Log and register a fitted version and return it with its number.

        `fit` identifies the inputs of the fit. The sketch of the training rows is stored with the version.
        Raises UnsafeModel if a pipeline contains types that could run code when it is loaded.
        """
        stored = [store_pipeline(one, trained.model, trained.recipe) for one in (model, baseline)]
        experiment = self._experiment(trained.model)
        run_id = self._client.create_run(experiment, run_name=f"{trained.model} {trained.night}").info.run_id
        try:
            self._log_parameters(run_id, trained, parameters)
            self._log_pipeline(run_id, "baseline", stored[1], requirements)
            model_uri = self._log_pipeline(run_id, "model", stored[0], requirements)
            if sketch is not None:
                self._client.log_text(run_id, sketch.model_dump_json(), _SKETCH)
            self._ensure_model(trained.model)
            created = self._client.create_model_version(trained.model, source=model_uri, run_id=run_id)
            numbered = trained.model_copy(update={"version": int(created.version)})
            # The fit is tagged last: an incomplete version does not have this tag, so `find` ignores it.
            self._tag(numbered, _RECORD, numbered.model_dump_json())
            self._tag(numbered, _FIT, fit)
        except BaseException:
            self._client.set_terminated(run_id, "FAILED")
            raise
        self._client.set_terminated(run_id, "FINISHED")
        return numbered

    def find(self, model: str, fit: str) -> TrainedVersion | None:
        """Return the version of a fit with the same inputs, or None."""
        found = self._search(f"name = '{model}' and tags.`{_FIT}` = '{fit}'")
        return _record(found[0]) if found else None

    def version(self, model: str, version: int) -> TrainedVersion:
        """Return the record of a version. Raises UnknownVersion if it does not exist."""
        try:
            return _record(self._client.get_model_version(model, str(version)))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise UnknownVersion(f"{model} has no version {version} in the registry") from None

    def champion(self, model: str) -> TrainedVersion | None:
        """Return the serving version, or None before the first promotion."""
        try:
            return _record(self._client.get_model_version_by_alias(model, CHAMPION))
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise

    def set_champion(self, model: str, version: int) -> None:
        """Make a version the champion."""
        self._client.set_registered_model_alias(model, CHAMPION, str(version))

    def note_ledger(self, model: str, number: int, seal: str) -> None:
        """Store the number and seal of a ledger's newest entry, outside the ledger itself."""
        self._client.set_registered_model_tag(model, _LEDGER, f"{number} {seal}")

    def noted_ledger(self, model: str) -> tuple[int, str] | None:
        """Return the number and seal that were stored last, or None."""
        try:
            noted = self._client.get_registered_model(model).tags.get(_LEDGER)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        if noted is None:
            return None
        number, _, seal = noted.partition(" ")
        return int(number), seal

    def load(self, model: str, version: int) -> Pipeline:
        """Load the pipeline of a version with skops, which runs no code from the file."""
        return self.fetch(model, version).load()

    def fetch(self, model: str, version: int) -> StoredPipeline:
        """Return the stored pipeline of a version, to be loaded by other processes."""
        return self._fetch(model, version, "model")

    def load_baseline(self, model: str, version: int) -> Pipeline:
        """Load the baseline that was fitted on the same rows as the version."""
        return self._fetch(model, version, "baseline").load()

    def load_sketch(self, model: str, version: int) -> TrainingSketch | None:
        """Load the sketch of a version's training rows, or None if none was stored."""
        found = self._client.get_model_version(model, str(version))
        if not any(file.path == _SKETCH for file in self._client.list_artifacts(str(found.run_id))):
            return None
        with TemporaryDirectory() as folder:
            text = self._download(found, _SKETCH, folder).read_text(encoding="utf-8")
        return TrainingSketch.model_validate_json(text)

    def record_metrics(self, trained: TrainedVersion, metrics: Mapping[str, float]) -> None:
        """Log an evaluation's measures to the version's MLflow run."""
        run_id = self._client.get_model_version(trained.model, str(trained.version)).run_id
        now = time.time_ns() // 1_000_000
        logged = [Metric(name, figure, now, 0) for name, figure in metrics.items()]
        self._client.log_batch(str(run_id), metrics=logged)

    def _log_parameters(self, run_id: str, trained: TrainedVersion, parameters: Mapping[str, object]) -> None:
        described = trained.model_dump(
            mode="json", exclude={"version", "pins", "trained_on", "sources", "label_shares"}
        )
        described |= {"trained_on": trained.trained_on.key, **parameters}
        described |= {f"snapshot.{pin.table}": pin.snapshot for pin in trained.pins}
        logged = [Param(name, str(value)) for name, value in described.items()]
        for first in range(0, len(logged), _MOST_PARAMETERS):
            self._client.log_batch(run_id, params=logged[first : first + _MOST_PARAMETERS])

    def _log_pipeline(self, run_id: str, name: str, stored: bytes, requirements: Sequence[str]) -> str:
        """Log a pipeline, and the model's own files that it refers to; returns the URI of the pipeline."""
        from contender.registry.model_folder import write_model_folder  # late: it takes a second to import

        for code in own_code(stored):
            content = imported_content(code.module)
            assert content is not None
            self._client.log_text(run_id, content.decode(), _place_of(code))
        with TemporaryDirectory() as folder:
            path = Path(folder) / name
            write_model_folder(path, stored, requirements)
            self._client.log_artifacts(run_id, str(path), artifact_path=name)
        return f"{self._client.get_run(run_id).info.artifact_uri}/{name}"

    def _fetch(self, model: str, version: int, name: str) -> StoredPipeline:
        found = self._client.get_model_version(model, str(version))
        with TemporaryDirectory() as folder:
            (file,) = self._download(found, name, folder).glob("*.skops")
            stored = file.read_bytes()
        return StoredPipeline(stored, {code: self._fetch_code(found, code) for code in own_code(stored)})

    def _download(self, version: ModelVersion, name: str, folder: str) -> Path:
        """Copy a file or folder from beside a version's pipeline; MLflow would look its place up three times."""
        from mlflow.artifacts import download_artifacts

        uri = f"{str(version.source).rpartition('/')[0]}/{name}"
        return Path(
            download_artifacts(artifact_uri=uri, dst_path=folder, tracking_uri=self._client.tracking_uri)
        )

    def _fetch_code(self, version: ModelVersion, code: CodeName) -> bytes:
        """Return a file that a version was fitted with, if its digest is in the version's record."""
        if (known := imported_content(code.module)) is not None:
            return known
        trained = _record(version)
        where = f"{trained.model}: version {trained.version}"
        if trained.sources.get(f"{code.stem}.py") != code.digest:
            raise UnsafeModel(
                f"{where} refers to {code.module}, which is not among its sources: do not load it"
            )
        with TemporaryDirectory() as folder:
            content = self._download(version, _place_of(code), folder).read_bytes()
        if digest_content(content) != code.digest:
            raise UnsafeModel(f"{where}: {_place_of(code)} was changed in the registry: restore it from git")
        return content

    def _experiment(self, model: str) -> str:
        found = self._client.get_experiment_by_name(model)
        if found is not None:
            return str(found.experiment_id)
        try:
            place = f"{self._artifacts}/{model}" if self._artifacts else None
            return str(self._client.create_experiment(model, artifact_location=place))
        except MlflowException as error:  # another task may have created it
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self._experiment(model)

    def _ensure_model(self, model: str) -> None:
        try:
            self._client.create_registered_model(model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _tag(self, trained: TrainedVersion, name: str, value: str) -> None:
        self._client.set_model_version_tag(trained.model, str(trained.version), name, value)

    def _search(self, query: str) -> list[ModelVersion]:
        return list(self._client.search_model_versions(query, order_by=["version_number DESC"]))


def _place_of(code: CodeName) -> str:
    return f"sources/{code.stem}_{code.digest}.py"


@cache
def open_registry(settings: Settings) -> Registry:
    """Open the registry of these settings; a SQLite registry is created on first use, with its artifacts next to it."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    embedded = settings.registry.startswith("sqlite")
    artifacts = (settings.home / "artifacts").absolute().as_uri() if embedded else None
    with creation_lock(settings.registry):
        # With this prefix, MLflow does not create a folder named as in the URL, with its quotes.
        uri = settings.registry.replace("sqlite:///", "sqlite+pysqlite:///", 1)
        return Registry(MlflowClient(tracking_uri=uri), artifacts)


def _record(version: Any) -> TrainedVersion:
    return TrainedVersion.model_validate_json(version.tags[_RECORD])
