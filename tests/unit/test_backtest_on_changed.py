"""Fits on a history that differs from a day on keep the versions of nights before it; outcomes may come late."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contender.backtesting import Fits, Late, cut
from contender.specs import Days
from tests.made_up_kinds import make_rows, specify_classes, write_catalog

DAYS = Days(first=date(2013, 1, 1), last=date(2013, 3, 1))
NIGHT = date(2013, 2, 18)
START = date(2013, 2, 20)


@pytest.fixture(scope="module")
def quiet(catalog, tmp_path_factory) -> Fits:
    """The fits of one night on unchanged rows."""
    model = specify_classes(catalog.model("flight_delay"))
    ours = write_catalog(tmp_path_factory.mktemp("changed"), model)
    fits = Fits(ours, model, cut(model, make_rows(model, DAYS), DAYS))
    fits.fit_all(NIGHT)
    fits.serve(1, START)
    return fits


def test_a_version_from_before_is_kept_and_predicts_the_changed_rows(quiet):
    rows = quiet.history.rows
    inverted = rows["label"].where(rows["day"] < START, "diverted")
    other = quiet.on_changed(cut(quiet.model, rows.assign(label=inverted), DAYS), START)
    before, after = (START - timedelta(days=1), START)
    assert other.fit_all(NIGHT)[0].fitted is quiet.fit_all(NIGHT)[0].fitted
    assert other.serve(1, before) == quiet.serve(1, before)
    assert other.serve(1, after)[0].loss > quiet.serve(1, after)[0].loss


def test_rows_whose_outcomes_come_late_are_neither_fitted_on_nor_evaluated_until_then(quiet):
    late = Late(Days(first=date(2013, 2, 10), last=date(2013, 2, 25)), until=date(2013, 2, 26))
    fits = quiet.on_changed(replace(quiet.history, late=late), START)
    days = Days(first=date(2013, 2, 8), last=date(2013, 2, 12))
    before, after = (fits.labelled(days, night) for night in (date(2013, 2, 25), date(2013, 2, 26)))
    assert set(before["day"]) == {date(2013, 2, 8), date(2013, 2, 9)}
    assert set(after["day"]) == set(days.each())
    assert not fits.judgeable(date(2013, 2, 20))
    assert "no labelled rows" in fits.failed[date(2013, 2, 20)][0]
