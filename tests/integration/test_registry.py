"""Registration in a real registry: after a fault, and by two tasks at the same moment."""

from __future__ import annotations

import pytest
from mlflow.exceptions import MlflowException
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from contender.records import TrainedVersion
from contender.registry import Registry, open_registry
from tests.unit.judged import version

MODEL = "flight_delay"


def register(registry: Registry, fit: str, **parameters: object) -> TrainedVersion:
    pipeline = make_pipeline(DummyClassifier()).fit([[0], [1]], [0, 1])
    return registry.register(version(1), fit, pipeline, pipeline, parameters=parameters, requirements=[])


def test_a_registration_that_fails_leaves_no_version_and_can_be_repeated(registry):
    with pytest.raises(MlflowException, match=r"Invalid value .* for parameter"):
        register(registry, "a fit", **{"max?": 1})
    assert registry.find(MODEL, "a fit") is None
    (experiment,) = [one for one in registry._client.search_experiments() if one.name == MODEL]
    (run,) = registry._client.search_runs([experiment.experiment_id])
    assert run.info.status == "FAILED"
    assert register(registry, "a fit", max=1).version == 1
    assert registry.find(MODEL, "a fit").version == 1


def test_two_tasks_that_register_the_first_version_at_the_same_moment_both_do(registry, here, monkeypatch):
    ask, other = registry._client.get_experiment_by_name, open_registry(here)

    def ask_and_be_overtaken(name: str) -> object:
        found = ask(name)
        monkeypatch.undo()
        assert found is None
        assert register(other, "their fit").version == 1
        return found

    monkeypatch.setattr(registry._client, "get_experiment_by_name", ask_and_be_overtaken)
    assert register(registry, "our fit").version == 2
    assert [registry.find(MODEL, fit).version for fit in ("their fit", "our fit")] == [1, 2]


def test_a_model_that_was_never_registered_has_no_champion_and_no_noted_ledger(registry):
    assert registry.champion(MODEL) is None
    assert registry.noted_ledger(MODEL) is None
