"""Write a stored pipeline as a folder of MLflow's format, which `mlflow.sklearn.load_model` and `mlflow models` read.

`mlflow.sklearn.save_model` would store and load the pipeline again, and look up every installed package to compare
the requirements, which are the installed versions anyway: seconds per fit.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

import mlflow
import sklearn
import yaml
from mlflow import pyfunc
from mlflow.models import Model

from contender.safe_storage import trusted_types

_PIPELINE, _CONDA, _PYTHON, _REQUIREMENTS = "model.skops", "conda.yaml", "python_env.yaml", "requirements.txt"


def write_model_folder(folder: Path, stored: bytes, requirements: Sequence[str]) -> None:
    """Write the content of a pipeline's file, MLflow's description of it, and the packages that it needs."""
    folder.mkdir(parents=True)
    (folder / _PIPELINE).write_bytes(stored)
    described = Model()
    pyfunc.add_to_model(
        described,
        loader_module="mlflow.sklearn",
        model_path=_PIPELINE,
        conda_env=_CONDA,
        python_env=_PYTHON,
        predict_fn="predict",
    )
    described.add_flavor(
        "sklearn",
        pickled_model=_PIPELINE,
        sklearn_version=sklearn.__version__,
        serialization_format="skops",
        code=None,
        skops_trusted_types=trusted_types(stored) or None,
    )
    described.model_size_bytes = len(stored)
    described.save(str(folder / "MLmodel"))
    _write_environment(folder, [f"mlflow=={mlflow.__version__}", *requirements])


def _write_environment(folder: Path, requirements: Sequence[str]) -> None:
    python = platform.python_version()
    (folder / _REQUIREMENTS).write_text("\n".join(requirements))
    files = {
        _PYTHON: {
            "python": python,
            "build_dependencies": ["pip", "setuptools", "wheel"],
            "dependencies": [f"-r {_REQUIREMENTS}"],
        },
        _CONDA: {
            "name": "mlflow-env",
            "channels": ["conda-forge"],
            "dependencies": [f"python={python}", "pip", {"pip": list(requirements)}],
        },
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))
