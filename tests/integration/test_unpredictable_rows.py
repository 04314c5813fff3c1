"""Nights on which a version cannot predict some rows, because of a category that its fit did not have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contender.backtesting import read_history, run_backtest
from contender.installation import Installation
from contender.retraining import InstalledStores, decide, evaluate_versions, fit_version, run_night
from contender.scoring import CannotPredict, score
from contender.specs import Days, load_catalog
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    copy_catalog,
    deliver,
    make_flights,
    tomorrow,
)
from tests.integration.made_up import run_night as run_and_publish

LAST_FITTED = NIGHT - timedelta(days=7)
STRICT = '''"""Refuses airlines that were not in the fit."""

from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def build_estimator(parameters, seed):
    encode = make_column_transformer(
        (OneHotEncoder(), ["airline"]), (StandardScaler(), ["dep_hour", "carrier_late", "flight_late"])
    )
    return make_pipeline(encode, LogisticRegression(**parameters))
'''


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """The catalog with `linear` refusing airlines that it did not see in its fit."""
    home = tmp_path_factory.mktemp("made_up") / "catalog"
    copy_catalog(home)
    (home / "models/flight_delay/linear.py").write_text(STRICT)
    return load_catalog(home)


@pytest.fixture
def rows(catalog):
    return make_flights(catalog.model("flight_delay"), Days(first=HISTORY.first, last=tomorrow(NIGHT)))


@pytest.fixture
def place(catalog, here) -> InstalledStores:
    return InstalledStores(Installation(here, catalog), catalog.model("flight_delay"))


def with_a_new_airline(rows, after):
    return rows.assign(airline=rows["airline"].where((rows["day"] <= after) | (rows["flight"] > 5), "NEW"))


def test_a_version_that_cannot_predict_the_evaluated_rows_is_held_and_says_why(place, rows):
    deliver(place, with_a_new_airline(rows, after=LAST_FITTED))
    version = fit_version(place, "linear", NIGHT)
    (decision,) = decide(place, evaluate_versions(place, [version]), ())
    (reason,) = [reason for reason in decision.reasons if reason.guard == "stable"]
    assert (decision.kind, reason.passed) == ("held", False)
    assert reason.explanation == (
        "the evaluated rows could not be predicted: "
        "ValueError: Found unknown categories ['NEW'] in column 0 during transform"
    )


def test_a_version_that_cannot_predict_the_evaluated_rows_does_not_stop_the_others(place, rows, caplog):
    deliver(place, with_a_new_airline(rows, after=LAST_FITTED))
    night = run_night(place, NIGHT)
    assert {e.challenger.recipe: e.failure is None for e in night.evaluations} == {
        "boosted_trees": True,
        "linear": False,
    }
    assert [decision.kind for decision in night.entered] == ["first"]
    assert "of recipe 'linear' cannot predict the evaluated rows" in caplog.text


def test_a_version_that_cannot_predict_tonights_rows_is_left_out_of_shadow(place, rows, caplog):
    deliver(place, with_a_new_airline(rows, after=NIGHT))
    night = run_night(place, NIGHT)
    (trees,) = [v for v in night.versions if v.recipe == "boosted_trees"]
    shadow = night.shadow
    place.installation.lake.publish(place.model.shadow_contract, shadow)
    scored = place.installation.lake.read(place.model.shadow_contract, shadow.days).to_pandas()
    assert trees.recipe_fingerprint in set(scored["stream"])
    assert {
        version.recipe for version in night.versions if version.version in set(scored["model_version"])
    } == {"boosted_trees"}
    assert "Found unknown categories ['NEW']" in caplog.text


def test_a_champion_that_cannot_predict_is_replaced_by_its_refresh(place, rows):
    deliver(place, rows)
    yesterday = NIGHT - timedelta(days=1)
    run_and_publish(place, yesterday, ["linear"])
    # The newest fitted day has the new airline, so tonight's fit knows it.
    deliver(place, with_a_new_airline(rows, after=LAST_FITTED - timedelta(days=1)))
    with pytest.raises(
        CannotPredict, match=r"version 1 cannot predict .*NEW.*let its recipe accept such values"
    ):
        score(place.installation, place.model, Days.one(NIGHT))
    (decision,) = run_night(place, NIGHT, ["linear"]).entered
    (evaluation,) = place.installation.book.evaluations.newest(place.model.name, limit=1)
    assert evaluation.champion_measures is None
    assert evaluation.champion_failure.startswith("ValueError: Found unknown categories ['NEW']")
    assert decision.kind == "refreshed", [r for r in decision.reasons if not r.passed]
    score(place.installation, place.model, Days.one(NIGHT))


def test_a_backtest_holds_the_same_version_and_names_the_days(place, rows):
    deliver(place, with_a_new_airline(rows, after=LAST_FITTED))
    nights = Days(first=NIGHT - timedelta(days=2), last=NIGHT)
    history = read_history(place.model, nights, place.installation.lake)
    lived = run_backtest(place.installation.catalog, place.model, history, nights, ["ours"])
    assert any("recipe 'linear' cannot predict" in line and "NEW" in line for line in lived.failed)
    recipes = {version.version: version.recipe for version in lived.versions}
    promoted = [d for d in lived.results[0].decisions if d.kind in ("first", "refreshed")]
    assert promoted
    assert {recipes[decision.challenger] for decision in promoted} == {"boosted_trees"}
