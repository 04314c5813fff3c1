"""A model's own transformers are stored by reference to the content that defines them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from contender.model_code import defines, import_file
from contender.safe_storage import UnsafeModel, load_pipeline, own_code, store_pipeline

SOURCE = '''
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Clip(TransformerMixin, BaseEstimator):
    """Clips each column at a quantile of its fit."""

    def __init__(self, quantile=0.9):
        self.quantile = quantile

    def fit(self, rows, labels=None):
        self.highest_ = np.quantile(np.asarray(rows, dtype=float), self.quantile, axis=0)
        return self

    def transform(self, rows):
        return np.minimum(np.asarray(rows, dtype=float), self.highest_)


def halve(rows):
    return rows / 2
'''
ROWS = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40.0)[::-1]})
LABELS = (ROWS["x"] > 19).astype(int)


@pytest.fixture
def module(tmp_path: Path):
    file = tmp_path / "churn" / "estimator.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    return import_file(file)


def test_a_class_and_a_function_of_the_models_file_are_stored_and_loaded(module):
    pipeline = make_pipeline(FunctionTransformer(module.halve), module.Clip(0.5), LogisticRegression())
    pipeline.fit(ROWS, LABELS)
    stored = store_pipeline(pipeline, "churn", "clipped")
    assert [(code.model, code.stem) for code in own_code(stored)] == [("churn", "estimator")]
    assert np.array_equal(load_pipeline(stored).predict_proba(ROWS), pipeline.predict_proba(ROWS))


def test_a_search_with_worker_processes_can_use_the_class(module):
    search = GridSearchCV(
        make_pipeline(module.Clip(), LogisticRegression()), {"clip__quantile": [0.5, 0.9]}, n_jobs=2, cv=2
    )
    search.fit(ROWS, LABELS)
    assert load_pipeline(store_pipeline(search, "churn", "searched")).best_params_ == search.best_params_


def test_an_edited_file_is_another_module_and_the_same_content_is_the_same(tmp_path, module):
    file = tmp_path / "churn" / "estimator.py"
    assert import_file(file) is module
    file.write_text(SOURCE.replace("np.minimum", "np.maximum"))
    edited = import_file(file)
    assert edited is not module
    assert np.array_equal(module.Clip(0.5).fit(ROWS).transform(ROWS).max(axis=0), [19.5, 19.5])


def test_a_file_that_fails_leaves_no_module_behind(tmp_path):
    file = tmp_path / "churn" / "broken.py"
    file.parent.mkdir()
    file.write_text("raise ValueError('no')")
    with pytest.raises(ValueError, match="no"):
        import_file(file)
    assert not [name for name in sys.modules if ".broken_" in name]


def test_what_the_file_only_imports_is_not_its_own(module):
    assert defines(module.__name__, "Clip")
    assert not defines(module.__name__, "np")
    assert not defines(module.__name__, "BaseEstimator")


def test_a_class_of_another_file_is_refused():
    class Local(FunctionTransformer):
        pass

    with pytest.raises(UnsafeModel, match="or of the file that builds it"):
        store_pipeline(make_pipeline(Local(), LogisticRegression()), "churn", "a recipe")
