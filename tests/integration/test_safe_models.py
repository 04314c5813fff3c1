"""A file that replaces a registered model is rejected, and none of its code runs."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io.exceptions import UntrustedTypesFoundException

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
