"""The monitoring verdict from a day's loss and the drift of its features."""

from datetime import date

import pytest

from contender.monitoring import Drift, Performance, conclude, triage
from contender.records import Measures
from contender.specs import Monitoring

WATCH = Monitoring(max_loss_ratio=1.5, max_drifted_share=0.5)


def performance(loss: float | None, expected: float | None = 0.15) -> Performance:
    measured = None
    if loss is not None:
        measured = Measures(rows=900, mean_label=0.2, loss=loss, calibration_error=0.1)
    return Performance(
        day=date(2013, 9, 1), version=1, scored_rows=900, measures=measured, expected_loss=expected
    )


def drift(share: float | None, emptied: tuple[str, ...] = ()) -> Drift:
    return Drift(share=share, drifted=(), emptied=emptied, report=None)


@pytest.mark.parametrize(
    ("loss", "share", "emptied", "verdict"),
    [
        (0.15, 0.1, (), "stable"),
        (0.224, 0.5, (), "stable"),
        (0.15, 0.6, (), "covariate_drift"),
        (0.23, 0.1, (), "concept_drift"),
        (0.23, 0.6, (), "regime_break"),
        (0.23, 0.6, ("humid",), "broken_feed"),
        (0.15, 0.1, ("humid",), "broken_feed"),
        (None, 0.1, (), "stable"),
        (0.23, None, (), "concept_drift"),
    ],
)
def test_the_verdict_follows_from_loss_and_drift(loss, share, emptied, verdict):
    assert triage(performance(loss), drift(share, emptied), WATCH) == verdict


def test_without_an_expected_loss_the_loss_counts_as_unchanged():
    assert triage(performance(0.9, expected=None), drift(0.1), WATCH) == "stable"


def test_a_day_without_predictions_is_noted_in_the_action(catalog):
    concluded = conclude(catalog.model("flight_delay"), performance(None), drift(None), "run")
    assert "nothing was scored" in concluded.action
