"""The world of made-up flights turns around: a verdict opens a break, strategies compete, and one of them serves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest

from contender.promoting import add_break
from contender.records import KEPT, Monitored, name_strategy
from contender.replaying import replay
from contender.retraining import list_recipes
from contender.settings import Settings
from contender.specs import Days, load_catalog
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    copy_catalog,
    deliver,
    install_flights,
    make_flights,
    run_night,
    tomorrow,
)

MODEL = "flight_delay"
OPENED = NIGHT - timedelta(days=6)  # from this day on, flights are late that were on time before
RECOVERY = """    recovery=Recovery(
        recipes=(
            Recipe(name="newest_days", estimator="linear", window_days=3, parameters={"C": 0.1}),
            Recipe(name="too_short", estimator="linear", window_days=1, parameters={"C": 0.1}),
        ),
        baseline_days=14,
        min_rows=100,
    ),
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """Nights of a model with strategies, up to the last but one; a verdict has opened a break in between."""
    folder = tmp_path_factory.mktemp("recovery")
    home = folder / "catalog"
    copy_catalog(home)
    spec = home / "models" / MODEL / "spec.py"
    spec.write_text(
        re.sub(r"    recovery=Recovery\(.*?\n    \),\n", RECOVERY, spec.read_text(), flags=re.DOTALL)
    )
    stores = install_flights(Settings(home=folder / "home"), load_catalog(home))
    rows = make_flights(stores.model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))
    turned = rows["day"] >= OPENED
    rows.loc[turned, "label"] = 1 - rows.loc[turned, "label"]
    deliver(stores, rows)
    run_night(stores, OPENED - timedelta(days=1))
    for night in Days(first=OPENED, last=NIGHT - timedelta(days=1)).each():
        run_night(stores, night)
        if night == OPENED:
            stores.installation.book.monitored.add(found(night))
    return keep(stores)


@pytest.fixture
def stores(kept):
    return kept.reset()


def found(night) -> Monitored:
    return Monitored(
        id=f"monitored {night}",
        model=MODEL,
        day=night,
        version=1,
        measures=None,
        expected_loss=None,
        verdict="concept_drift",
        action="none",
    )


def newest(stores):
    return stores.installation.book.ledger.head(MODEL).decision


def test_the_break_is_open_since_the_verdict(stores):
    standing = stores.standing()
    assert (standing.broken, standing.kept) == (OPENED, stores.served_on(OPENED))
    assert set(list_recipes(stores)) == {"boosted_trees", "linear", "newest_days", "too_short", "baseline"}


def test_strategies_are_paired_with_the_refresh_on_days_that_they_scored_before(stores):
    pairs = stores.installation.book.pairs.since(MODEL, "recovery", OPENED)
    assert {pair.rival for pair in pairs} == {KEPT, name_strategy("newest_days"), name_strategy("baseline")}
    assert min(pair.day for pair in pairs) == OPENED + timedelta(days=2)


def test_the_strategy_that_learned_the_new_world_serves(stores):
    decision = newest(stores)
    assert decision.kind == "recovered"
    assert stores.version(decision.champion_after).recipe == "newest_days"
    assert {e.question for e in decision.evidence} >= {"recovery"}


def test_the_decision_can_be_replayed(stores):
    entry = stores.installation.book.ledger.head(MODEL)
    assert [part for part in replay(stores.installation, entry).parts if not part.identical] == []


def test_no_break_is_open_for_a_model_that_only_reports_drift(stores):
    advised = stores.model.recovery.model_copy(update={"acts_on": ()})
    model, standing = stores.model.model_copy(update={"recovery": advised}), stores.standing()
    past = stores.installation.book.monitored.newest(MODEL)
    usual = standing.model_copy(update={"broken": None, "kept": None})
    assert add_break(model, usual, past, OPENED - timedelta(days=1), stores.served_on) == usual


def test_a_night_in_airflow_fits_the_strategies_and_serves_the_best(stores, tmp_path, prepare_airflow):
    here = stores.installation
    smtp = json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": 9})
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW_CONN_SMTP_DEFAULT": smtp,
        "CONTENDER_HOME": str(here.settings.home),
        "CONTENDER_CATALOG_HOME": str(here.catalog.home),
    }

    prepare_airflow(tmp_path / "airflow")
    night = ["dags", "test", f"retrain__{MODEL}", "--conf", json.dumps({"day": str(NIGHT)})]
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *night],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    decision = newest(stores)
    assert (decision.night, decision.kind) == (NIGHT, "recovered"), done.stdout[-3000:] + done.stderr[-3000:]
    assert stores.version(decision.champion_after).recipe == "newest_days"
    shadow = here.lake.read(stores.model.shadow_contract, Days.one(tomorrow(NIGHT))).to_pandas()
    assert {KEPT, name_strategy("newest_days"), name_strategy("baseline")} <= set(shadow["stream"])
