"""A pipeline's folder in the registry is one of MLflow's own format, whose tools load it."""

from __future__ import annotations

import mlflow
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contender.registry.model_folder import write_model_folder
from contender.safe_storage import store_pipeline

ROWS = [[1.0], [2.0], [4.0]]


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(StandardScaler(), LinearRegression()).fit(ROWS, [1.0, 3.0, 2.0])


@pytest.fixture(scope="module")
def folder(pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts") / "model"
    write_model_folder(folder, store_pipeline(pipeline, "sales", "linear"), ["scikit-learn==1.9.1"])
    return folder


def test_mlflow_loads_the_pipeline(folder, pipeline):
    assert mlflow.sklearn.load_model(str(folder)).predict(ROWS).tolist() == pipeline.predict(ROWS).tolist()


def test_mlflow_serves_the_pipeline(folder, pipeline):
    assert mlflow.pyfunc.load_model(str(folder)).predict(ROWS).tolist() == pipeline.predict(ROWS).tolist()


def test_the_requirements_name_mlflow_and_the_given_packages(folder):
    required = (folder / "requirements.txt").read_text().splitlines()
    assert required == [f"mlflow=={mlflow.__version__}", "scikit-learn==1.9.1"]
