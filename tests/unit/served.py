"""The app of online predictions in this process, with a version in memory over empty stores."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
from fastapi import FastAPI
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from contender.installation import Installation
from contender.records import migrate
from contender.serving.app import build_app
from contender.serving.keys import Keyring
from contender.serving.served import Answering
from contender.serving.server import prepare
from contender.serving.versions import LoadedVersion
from contender.settings import Settings
from contender.specs import Catalog, Column, ModelSpec, load_module
from tests.unit.judged import version

MODEL = "flight_delay"


def row_of(model: ModelSpec) -> dict[str, object]:
    """A row with all features."""
    return _values_of(model.features)


def key_of(model: ModelSpec) -> dict[str, object]:
    """The key of a row."""
    return _values_of(model.keys)


def _values_of(columns: Sequence[Column]) -> dict[str, object]:
    return {column.name: "AA" if column.type == "string" else 7 for column in columns}


def fit(catalog: Catalog) -> Any:
    """A pipeline of the model's estimator, fitted on a few rows."""
    random = np.random.default_rng(1)
    rows = pd.DataFrame([row_of(catalog.model(MODEL))] * 40)
    rows["carrier_late"] = random.random(40)
    build = load_module(catalog.model_home(MODEL) / "estimator.py").build_estimator
    return build({"max_iter": 2, "min_samples_leaf": 1}, 1).fit(
        rows, (rows["carrier_late"] > 0.5).astype(int)
    )


def fit_strict(model: ModelSpec) -> Any:
    """A pipeline that cannot predict an airline other than three."""
    rows = pd.DataFrame(
        [row_of(model) | {"airline": airline} for airline in ("AA", "DL", "UA") for _ in range(2)]
    )
    columns = [
        ("words", OneHotEncoder(handle_unknown="error"), ["airline"]),
        ("late", "passthrough", ["dep_hour"]),
    ]
    return make_pipeline(ColumnTransformer(columns), LogisticRegression()).fit(rows, [0, 1] * 3)


def serve_app(catalog: Catalog, home: Path, pipeline: Any = None) -> FastAPI:
    """The app with version 3 in memory: a pipeline, or one of the model's estimator."""
    here, model = Settings(home=home), catalog.model(MODEL)
    migrate(here.records)
    follower = prepare(Installation(here, catalog), [MODEL], Keyring(catalog))
    record = version(3).model_copy(update={"model": MODEL, "features": model.feature_names})
    loaded = LoadedVersion(model, record, pipeline or fit(catalog), 1, datetime.now(UTC))
    follower.models[MODEL].answering = Answering(loaded, "champion")
    return build_app(follower)


def post(app: FastAPI, content: bytes, kind: str = "application/json") -> httpx.Response:
    """The answer to a request for predictions."""
    path, headers = f"/v1/models/{MODEL}/predict", {"Content-Type": kind}
    return asyncio.run(_ask(app, "POST", path, content=content, headers=headers))


def get(app: FastAPI, path: str) -> httpx.Response:
    """The answer to a request for a page."""
    return asyncio.run(_ask(app, "GET", path))


async def _ask(app: FastAPI, method: str, path: str, **sent: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(method, path, **sent)
