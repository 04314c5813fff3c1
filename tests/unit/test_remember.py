"""The usual change follows from earlier refreshes, and excused days from corrections of the data."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contender.evaluating import with_usual_change
from contender.evaluating.remember import excused_days
from contender.records import Act, Evaluation
from tests.unit.judged import evaluation, version

NIGHT = date(2013, 8, 31)
TONIGHT = evaluation(champion=version(99, last=date(2013, 8, 23)))


def past_night(ago: int, disagreement: float = 0.01, apart: int = 1, recipe: str = "r1") -> Evaluation:
    """A refresh of some nights ago, promoted unless a later night's champion is an older version."""
    last = date(2013, 8, 24) - timedelta(days=ago)
    challenger = version(100 - ago, last=last, recipe=recipe).model_copy(
        update={"night": NIGHT - timedelta(days=ago)}
    )
    champion = version(99 - ago, last=last - timedelta(days=apart), recipe=recipe)
    return evaluation(
        id=f"{recipe} {ago}",
        night=challenger.night,
        challenger=challenger,
        champion=champion,
        disagreement=disagreement,
        shift=-disagreement / 2,
    )


def usual(past):
    return with_usual_change(TONIGHT, past).usual


def test_there_is_no_usual_change_before_seven_refreshes():
    assert usual([past_night(ago) for ago in range(1, 7)]) is None


def test_the_usual_change_is_the_90_percent_quantile_of_absolute_changes_in_four_weeks():
    past = [past_night(ago, disagreement=0.02 if ago in (3, 9) else 0.01) for ago in range(1, 60)]
    found = usual(past)
    assert (found.nights, found.disagreement, found.shift) == (28, pytest.approx(0.01), pytest.approx(0.005))


def test_held_refreshes_do_not_widen_the_bound():
    still_served = version(92, last=date(2013, 8, 16))
    held = [
        past_night(ago, disagreement=0.5).model_copy(update={"champion": still_served}) for ago in range(1, 8)
    ]
    served = [past_night(ago) for ago in range(8, 40)]
    tonight = TONIGHT.model_copy(update={"champion": still_served})
    found = with_usual_change(tonight, held + served).usual
    assert found.disagreement == pytest.approx(0.01 * 8**0.5)


def test_fits_four_days_apart_may_differ_twice_as_much():
    weekly = [past_night(ago, disagreement=0.02, apart=4) for ago in range(1, 20)]
    assert usual(weekly).disagreement == pytest.approx(0.01)


@pytest.mark.parametrize(
    "others",
    [
        [past_night(ago, recipe="r2") for ago in range(1, 20)],
        [past_night(ago) for ago in range(0, -20, -1)],
        [past_night(ago).model_copy(update={"disagreement": None}) for ago in range(1, 20)],
        [past_night(1).model_copy(update={"id": f"again {n}"}) for n in range(20)],
    ],
    ids=["another recipe", "nights that come later", "without a comparison", "one night, evaluated again"],
)
def test_only_earlier_nights_of_the_same_recipe_count(others):
    assert usual(others) is None


def act(kind: str, about: str, key: str, at: datetime) -> Act:
    return Act(id=f"{kind} {about}", kind=kind, about=about, key=key, by="ana", reason="corrected", at=at)


FITTED = datetime(2013, 8, 1, tzinfo=UTC)
LATER = FITTED + timedelta(hours=1)


def erasure(table: str, rows: dict[str, int]) -> Act:
    """The record of an erasure that removed these rows from the days of a table."""
    detail = {"state": "done", "erasure": {"holdings": [{"table": table, "rows": rows}]}}
    return act("erased", "lake", "digest", LATER).model_copy(update={"detail": detail})


@pytest.mark.parametrize(
    ("acts", "excused"),
    [
        ([act("backfilled", "weather", "2013-05-01", LATER)], (date(2013, 5, 2), date(2013, 5, 2))),
        ([act("backfilled", "departures", "2013-05-01", LATER)], (date(2013, 5, 2), date(2013, 5, 29))),
        ([erasure("features.flight_delay", {"2013-05-01": 3, "2013-05-04": 1})], (date(2013, 5, 4),) * 2),
        ([erasure("datasets.departures", {"2013-05-01": 3})], None),
        ([act("backfilled", "departures", "2013-05-01", FITTED)], None),
        ([act("discarded", "departures", "2013-05-01", LATER)], None),
        ([act("backfilled", "transactions", "2013-05-01", LATER)], None),
    ],
    ids=[
        "a day of weather",
        "a day of departures",
        "erased",
        "erased from a source",
        "before the fit",
        "not published",
        "not an input",
    ],
)
def test_days_whose_data_was_corrected_since_the_fit_are_excused(catalog, acts, excused):
    found = excused_days(catalog, catalog.model("flight_delay"), acts, FITTED)
    days = {day for day in found if day > date(2013, 5, 1)}
    assert (min(days), max(days)) == excused if excused else not found
