"""A challenger with real scikit-learn and MLflow is trained, evaluated and promoted; each step is idempotent."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from contender.evaluating import evaluate, judged_days
from contender.installation import Installation
from contender.monitoring import compare_day, triage
from contender.monitoring.skew import measure_skew
from contender.monitoring.triage import Signals
from contender.promoting import decide_promotion, promote
from contender.records import migrate
from contender.safe_storage import UnsafeModel
from contender.scoring import NoChampion, ScoringError, score, score_in_shadow
from contender.settings import Settings
from contender.specs import Days
from contender.training import Functions, TrainingError, fit_recipe, train
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    copy_catalog,
    install_flights,
    make_flights,
    publish,
    tomorrow,
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """Ninety days of made-up flights, and a registry without versions; the next day has features only."""
    folder = tmp_path_factory.mktemp("challenger")
    made = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    assert made.installation.registry.champion(made.model.name) is None
    return keep(made)


@pytest.fixture
def installation(kept) -> Installation:
    return kept.reset().installation


@pytest.fixture
def here(installation) -> Settings:
    return installation.settings


@pytest.fixture
def model(kept):
    return kept.stores.model


@pytest.fixture
def examples(model):
    """The rows of the installation."""
    return make_flights(model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))


def fit(installation, night=NIGHT):
    model = installation.catalog.model("flight_delay")
    return train(installation, model, model.recipes[0], night)


def refresh(installation, night=NIGHT):
    model = installation.catalog.model("flight_delay")
    evaluation = evaluate(installation, model, fit(installation, night))
    decided = [decide_promotion(evaluation, model.guards)]
    (entry,) = promote(decided, installation.book, installation.registry)
    return entry.decision


def test_the_first_version_is_promoted_if_it_beats_the_baseline(installation, model, examples):
    decision = refresh(installation)
    assert decision.kind == "first"
    assert installation.registry.champion(model.name).version == decision.challenger


def test_a_version_is_not_trained_on_the_evaluated_days(installation, model, examples):
    challenger = fit(installation)
    assert challenger.trained_on.last < judged_days(model, NIGHT).first


def test_a_retried_night_makes_no_second_version_or_decision(installation, model, examples):
    first = refresh(installation)
    again = refresh(installation)
    assert again == first
    assert len(installation.book.ledger.decisions(model.name)) == 1


def test_a_version_records_its_snapshots_seed_code_and_environment(installation, model, examples):
    lake = installation.lake
    registry = installation.registry
    challenger = fit(installation)
    pinned = {pin.table: pin.snapshot for pin in challenger.pins}
    assert pinned == {
        table: lake.snapshot(table) for table in ("features.flight_delay", "labels.flight_delay")
    }
    assert challenger.seed == model.recipes[0].seed
    assert challenger.code_version
    assert challenger.environment
    assert registry.version(model.name, challenger.version) == challenger


def test_a_fit_from_the_same_pins_predicts_the_same(installation, model, examples, tmp_path):
    elsewhere = installation.settings.model_copy(update={"registry": f"sqlite:///{tmp_path}/other.db"})
    predicted = []
    for each in (installation, Installation(elsewhere, installation.catalog)):
        pipeline = each.registry.load(model.name, fit(each).version)
        predicted.append(pipeline.predict_proba(examples[list(model.feature_names)]))
    assert np.array_equal(*predicted)


def test_entering_an_old_decision_again_does_not_change_the_champion(installation, model, examples):
    registry = installation.registry
    book = installation.book
    first = refresh(installation, NIGHT - timedelta(days=1))
    second = refresh(installation, NIGHT)
    promote([first], book, registry)
    assert registry.champion(model.name).version == second.champion_after


def test_an_alias_left_behind_by_a_crash_is_updated(installation, model, examples, monkeypatch):
    registry = installation.registry

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "set_champion", die)
    with pytest.raises(KeyboardInterrupt):
        refresh(installation)
    monkeypatch.undo()
    assert registry.champion(model.name) is None
    refresh(installation)
    assert registry.champion(model.name) is not None


def test_a_night_without_labels_fails_with_the_remedy(kept, tmp_path):
    installation = Installation(Settings(home=tmp_path / "home"), kept.stores.installation.catalog)
    migrate(installation.settings.records)
    with pytest.raises(TrainingError, match="load that history first, with a run of features__flight_delay"):
        fit(installation)


@pytest.mark.parametrize("recipe", ["boosted_trees", "linear"])
def test_every_recipe_of_the_model_can_be_fitted_stored_and_loaded(installation, model, examples, recipe):
    registry = installation.registry
    version = train(installation, model, model.recipe(recipe), NIGHT)
    scores = registry.load(model.name, version.version).predict_proba(examples[list(version.features)])
    assert np.isfinite(scores).all()


def test_a_model_that_could_run_code_when_loaded_is_rejected(installation, model, examples):
    registry = installation.registry
    version = fit(installation)
    unsafe = make_pipeline(FunctionTransformer(eval))
    with pytest.raises(UnsafeModel, match=r"'boosted_trees': .*eval cannot be loaded without running code"):
        registry.register(version, "another fit", unsafe, unsafe, parameters={}, requirements=[])


def test_labels_with_a_single_outcome_are_rejected(installation, model, examples, here):
    lake = installation.lake
    labels = examples[examples["day"] <= NIGHT].assign(label=0)
    publish(lake, model.label_contract, labels, here)
    with pytest.raises(TrainingError, match="a model cannot be fitted on a single outcome"):
        fit(installation)


def test_a_fit_that_fails_names_the_recipe_and_features_without_a_value(model, examples):
    recipe = model.recipes[0].model_copy(update={"features": ("wind", "rain")})
    strict = Functions(
        lambda *_: make_pipeline(LinearRegression()), lambda _: make_pipeline(DummyClassifier())
    )
    with pytest.raises(
        TrainingError,
        match=r"recipe 'boosted_trees' cannot be fitted on .*ValueError: (.|\n)*wind has no value in these days",
    ):
        fit_recipe(model, recipe, strict, HISTORY, examples.assign(wind=np.nan))


def test_predictions_carry_version_and_snapshot(installation, model, examples, here):
    lake = installation.lake
    decision = refresh(installation)
    batch = score(installation, model, Days.one(NIGHT))
    lake.publish(model.prediction_contract, batch)
    served = lake.read(model.prediction_contract).to_pandas()
    assert len(served) == 60
    assert set(served["day"]) == {NIGHT + timedelta(days=1)}
    assert set(served["model_version"]) == {decision.challenger}
    assert set(served["feature_snapshot"]) == {lake.snapshot(model.feature_contract.table)}
    assert served["score"].between(0, 1).all()


def test_published_predictions_can_be_made_again_from_their_snapshot(installation, model, examples, here):
    refresh(installation)
    day = tomorrow(NIGHT)
    batch = score(installation, model, Days.one(NIGHT))
    installation.lake.publish(model.prediction_contract, batch)
    corrected = examples.assign(wind=examples["wind"] + 5)
    publish(installation.lake, model.feature_contract, corrected[corrected["day"] == day], here)
    found = measure_skew(installation, model, day)
    assert (found.rows, found.differing) == (60, 0)


def test_predictions_that_were_joined_to_other_rows_are_found_without_outcomes(
    installation, model, examples, here
):
    refresh(installation)
    day = tomorrow(NIGHT)
    installation.lake.publish(model.prediction_contract, score(installation, model, Days.one(NIGHT)))
    served = installation.lake.read(model.prediction_contract, Days.one(day)).to_pandas()
    shuffled = served.assign(score=np.roll(served["score"], 1))
    publish(installation.lake, model.prediction_contract, shuffled, here)
    changes = compare_day(installation, model, day)
    assert changes.skew.differing > 50
    assert (
        f"of 60 predictions of {day} differ from what version"
        in triage(Signals(changes=changes, drift=None, rise=None), model.monitoring).why
    )


def test_scoring_a_night_again_stages_the_same_batch(installation, model, examples, here):
    refresh(installation)
    batches = [score(installation, model, Days.one(NIGHT)) for _ in range(2)]
    assert batches[0].fingerprint == batches[1].fingerprint


def test_shadow_predictions_are_separate_from_served_ones(installation, model, examples, here):
    decision = refresh(installation)
    shadow = score_in_shadow(installation, model, {"rival": decision.challenger}, Days.one(NIGHT))
    assert shadow.table == "shadow.flight_delay"


def test_scoring_without_a_champion_fails_with_the_remedy(installation, model, examples, here):
    with pytest.raises(NoChampion, match="run retrain__flight_delay"):
        score(installation, model, Days.one(NIGHT))


def test_scoring_without_features_fails_with_the_remedy(installation, model, examples, here):
    refresh(installation)
    with pytest.raises(ScoringError, match="run features__flight_delay for the night 2014-01-01 first"):
        score(installation, model, Days.one("2014-01-01"))
