"""A night that is built with the SQL of an earlier one has the same features and labels as if it were planned."""

from __future__ import annotations

from datetime import date

import pytest

from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import places
from contender.settings import PROJECT, Settings
from contender.specs import Days, load_catalog
from demo import source

NIGHTS = Days(first=date(2013, 9, 1), last=date(2013, 9, 2))
WITH_KEPT_SQL = "with the SQL of an earlier build"


@pytest.fixture
def installation(tmp_path):
    here = Installation(Settings(home=tmp_path / "home"), load_catalog(PROJECT / "include" / "catalog"))
    source.drop_reference(here.settings.landing)
    for name in ("departures", "weather", "schedule", "planes", "airports"):
        spec = here.catalog.dataset(name)
        days = NIGHTS.shifted(spec.delivery.lead_days)
        if spec.kind == "daily":
            source.drop(name, days.each(), here.settings.landing)
        here.lake.publish(spec.contract, land(spec, days, here.settings))
    return here


def build(installation, night, capsys):
    """Build a night, and return the fingerprints of its batches and whether it was built with kept SQL."""
    model = installation.catalog.model("flight_delay")
    plan = plan_features(
        installation.catalog, model, Days.one(night), installation.lake, installation.settings
    )
    run_in_process(plan)
    batches = collect(model, plan, installation.settings)
    return {
        name: batch.fingerprint for name, batch in batches.items()
    }, WITH_KEPT_SQL in capsys.readouterr().out


def test_the_next_night_is_built_with_the_kept_sql_and_equals_a_planned_one(installation, capsys):
    _, kept = build(installation, NIGHTS.first, capsys)
    assert not kept
    by_kept_sql, kept = build(installation, NIGHTS.last, capsys)
    assert kept
    places.remove_below(places.below(installation.settings.staging, "sql"))
    planned, kept = build(installation, NIGHTS.last, capsys)
    assert not kept
    assert by_kept_sql == planned
