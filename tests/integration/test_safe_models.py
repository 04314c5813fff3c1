"""A file that replaces a registered model is rejected, and none of its code runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io.exceptions import UntrustedTypesFoundException

from contender.model_code import import_file
from contender.training.provenance import digest_sources
from tests.unit.judged import version


def fitted():
    rows = np.array([[0.0], [1.0]])
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, [0, 1])


@pytest.fixture
def registered(registry, here) -> tuple[object, Path]:
    """A version of a small model, and where its file is."""
    trained = registry.register(version(1), "a fit", fitted(), fitted(), parameters={}, requirements=[])
    (file,) = [path for path in (here.home / "artifacts").rglob("*.skops") if path.parent.name == "model"]
    return trained, file


class Opens:
    """Unpickled, it makes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (Path.touch, (self.trace,))


def naming_another_type(stored: bytes, module: str, name: str) -> bytes:
    """The stored pipeline, whose schema says that its first step is of another type."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(stored)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "schema.json":
                text = content.decode().replace('"StandardScaler"', json.dumps(name))
                content = text.replace('"sklearn.preprocessing._data"', json.dumps(module)).encode()
            new.writestr(part, content)
    return changed.getvalue()


def test_a_registered_model_is_loaded(registry, registered):
    trained, _ = registered
    assert registry.load(trained.model, trained.version).predict([[1.0]]) == [1]


def test_a_pickle_instead_of_a_model_is_rejected_and_does_not_run(registry, registered, tmp_path):
    trained, file = registered
    trace = tmp_path / "it-ran"
    file.write_bytes(pickle.dumps(Opens(trace)))
    with pytest.raises(zipfile.BadZipFile):
        registry.load(trained.model, trained.version)
    assert not trace.exists()


def test_the_pickle_would_have_run_by_itself(tmp_path):
    pickle.loads(pickle.dumps(Opens(tmp_path / "it-ran")))
    assert (tmp_path / "it-ran").exists()


def test_a_file_with_an_untrusted_type_is_rejected(registry, registered):
    trained, file = registered
    file.write_bytes(naming_another_type(file.read_bytes(), "subprocess", "Popen"))
    with pytest.raises(UntrustedTypesFoundException, match=r"subprocess\.Popen"):
        registry.load(trained.model, trained.version)


def test_a_partial_is_trusted_only_with_its_function(registry, registered, tmp_path):
    from functools import partial

    trained, file = registered
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.steps[0][1].copy = partial(Path.touch, tmp_path / "it-ran")
    file.write_bytes(skops.io.dumps(pipeline))
    with pytest.raises(UntrustedTypesFoundException, match=r"Path"):
        registry.load(trained.model, trained.version)


OWN = """
from sklearn.preprocessing import StandardScaler


class Halved(StandardScaler):
    def transform(self, rows, copy=None):
        return super().transform(rows) / 2
"""


@pytest.fixture
def own(registry, here, tmp_path):
    """A version with a class of its own file, which has been edited since, and the folder of its artifacts."""
    file = tmp_path / "estimator.py"
    file.write_text(OWN)
    halved = import_file(file).Halved
    pipeline = make_pipeline(halved(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    trained = version(1).model_copy(update={"sources": digest_sources(tmp_path)})
    registered = registry.register(trained, "a fit", pipeline, fitted(), parameters={}, requirements=[])
    file.write_text(OWN.replace("/ 2", "* 100"))
    return registered, here.home / "artifacts"


def load_elsewhere(here, trained) -> subprocess.CompletedProcess[str]:
    """Load a version in a process that has not imported the model's file."""
    load = (
        "from contender.registry import open_registry\n"
        "from contender.settings import settings\n"
        f"loaded = open_registry(settings()).load({trained.model!r}, {trained.version})\n"
        "print(loaded.steps[0][1].transform([[1.0]])[0][0])"
    )
    environment = os.environ | {"CONTENDER_HOME": str(here.home), "CONTENDER_REGISTRY": here.registry}
    return subprocess.run(
        [sys.executable, "-c", load], capture_output=True, text=True, env=environment, check=False
    )


def test_a_version_with_its_own_class_is_loaded_elsewhere_as_it_was_fitted(here, own):
    done = load_elsewhere(here, own[0])
    assert (done.returncode, done.stdout.strip()) == (0, "0.5"), done.stderr


def test_a_changed_source_in_the_registry_is_not_run(here, own):
    trained, artifacts = own
    (source,) = artifacts.rglob("sources/*.py")
    trace = here.home / "trace"
    source.write_text(f"open({str(trace)!r}, 'w')\n{OWN}")
    done = load_elsewhere(here, trained)
    assert "was changed in the registry: restore it from git" in done.stderr
    assert not trace.exists()


def test_a_source_that_is_not_in_the_record_is_not_run(registry, here, tmp_path):
    file = tmp_path / "estimator.py"
    file.write_text(OWN + "# not in the record")
    pipeline = make_pipeline(import_file(file).Halved(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    trained = registry.register(version(1), "a fit", pipeline, fitted(), parameters={}, requirements=[])
    done = load_elsewhere(here, trained)
    assert "which is not among its sources: do not load it" in done.stderr
