"""An installation's home may have any name: every store opens there, and creates no other folder."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from contender.admission import gate_batch, publish_batch
from contender.ingesting import land
from contender.installation import Installation
from contender.records import migrate
from contender.settings import Settings
from contender.specs import Days
from demo import source
from tests.unit.judged import version
from tests.unit.policy_results import decision

DAY = date(2013, 9, 2)
NAMES = ["a#b", "why?", "100%", "%41", "it's", "two words", "a+b&c=d;e", "Überprüfung"]


@pytest.fixture(params=NAMES)
def home(request, tmp_path):
    return tmp_path / request.param


def files_beside(home) -> list[str]:
    return [path.name for path in home.parent.iterdir() if path != home]


def test_the_book_opens(home):
    here = Settings(home=home)
    migrate(here.records)
    entered = Installation(here).book.ledger.enter(decision(DAY, "first", 1, "trees"))
    assert Installation(here).book.ledger.newest(entered.decision.model, 1) == [entered]
    assert (home / "records.db").is_file()
    assert files_beside(home) == []


def test_the_registry_stores_and_loads_a_version(home):
    here = Settings(home=home)
    pipeline = make_pipeline(LogisticRegression()).fit(np.array([[0.0], [1.0]]), [0, 1])
    registry = Installation(here).registry
    stored = registry.register(version(1), "a fit", pipeline, pipeline, parameters={}, requirements=[])
    loaded = registry.load(stored.model, stored.version)
    assert loaded.predict_proba([[0.5]]) == pytest.approx(pipeline.predict_proba([[0.5]]))
    assert (home / "registry.db").is_file()
    assert len(list((home / "artifacts").rglob("*.skops"))) == 2
    assert files_beside(home) == []


def test_a_day_is_landed_gated_published_and_read(home, catalog):
    here = Settings(home=home)
    migrate(here.records)
    installation = Installation(here, catalog)
    source.drop("departures", [DAY], here.landing)
    contract = catalog.dataset("departures").contract
    batch = land(catalog.dataset("departures"), Days.one(DAY), here)
    assert gate_batch(installation, batch, "a run").verdict == "pass"
    publish_batch(installation, batch, "a run")
    assert Installation(here, catalog).lake.read(contract).num_rows == batch.rows
    assert (home / "lake-catalog.db").is_file()
    assert list((home / "lake").rglob("*.parquet"))
    assert files_beside(home) == []


def test_a_home_may_be_relative(tmp_path, monkeypatch, catalog):
    monkeypatch.chdir(tmp_path)
    installation = Installation(Settings(home="home"), catalog)
    assert installation.lake.days("datasets.departures") == []
    assert installation.registry.champion("flight_delay") is None
    assert files_beside(tmp_path / "home") == []
