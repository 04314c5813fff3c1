"""A backfill plan contains the affected runs, and changes nothing else."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.backfilling import BackfillError, Step, estimate, plan_backfill
from contender.backfilling.apply import chunks
from contender.orchestrator import Run
from contender.records import TrainedVersion
from contender.specs import Catalog, Days, parse_dag_id, source_days

JANUARY_TO_MARCH = [date(2013, 1, 1) + timedelta(days=n) for n in range(90)]
WEEK = Days(first=date(2013, 3, 1), last=date(2013, 3, 7))


def held(catalog: Catalog) -> dict[str, list[date]]:
    """Each daily dataset from January on, features of a day later."""
    tables = {spec.contract.table: JANUARY_TO_MARCH for spec in catalog.datasets.values()}
    later = [day + timedelta(days=1) for day in JANUARY_TO_MARCH]
    return tables | {model.feature_contract.table: later for model in catalog.models.values()}


def version(first: date, last: date) -> TrainedVersion:
    return TrainedVersion(
        model="flight_delay",
        version=3,
        night=last,
        recipe="trees",
        recipe_fingerprint="f",
        features=(),
        trained_on=Days(first=first, last=last),
        days_with_rows=1,
        rows=1,
        mean_label=1,
        pins=(),
        seed=0,
        code_version="c",
        environment="e",
    )


def test_the_days_are_ingested_and_every_night_that_read_them_is_built_again(catalog):
    plan = plan_backfill(catalog, "departures", WEEK, held(catalog), [])
    reach = next(i.history_days for i in catalog.model("flight_delay").inputs if i.dataset == "departures")
    ingest, features = plan.steps
    assert (ingest.dag, ingest.days) == ("ingest__departures", WEEK)
    assert features.dag == "features__flight_delay"
    assert features.days == Days(
        first=WEEK.first, last=min(WEEK.last + timedelta(days=reach - 1), JANUARY_TO_MARCH[-1])
    )


def test_nothing_is_trained_scored_or_monitored(catalog):
    plan = plan_backfill(catalog, "departures", WEEK, held(catalog), [])
    assert {parse_dag_id(step.dag).verb for step in plan.steps} == {"ingest", "features"}
    assert plan.served == ("predictions.flight_delay",)


def test_nights_without_features_are_not_built(catalog):
    plan = plan_backfill(catalog, "departures", WEEK, {"datasets.departures": JANUARY_TO_MARCH}, [])
    assert [step.dag for step in plan.steps] == ["ingest__departures"]


def test_versions_that_were_fitted_on_the_days_are_named_and_others_are_not(catalog):
    fitted = version(date(2013, 1, 1), date(2013, 3, 3))
    before = version(date(2013, 1, 1), date(2013, 2, 1))
    plan = plan_backfill(catalog, "departures", WEEK, held(catalog), [fitted, before])
    assert plan.outdated == (fitted,)


@pytest.mark.parametrize(
    ("dataset", "days", "told"),
    [
        ("departures", Days.one(JANUARY_TO_MARCH[-1]), "start ingest__departures with the day"),
        ("planes", WEEK, "replaced as a whole"),
    ],
)
def test_an_impossible_backfill_is_rejected_with_a_fix(catalog, dataset, days, told):
    with pytest.raises(BackfillError, match=told):
        plan_backfill(catalog, dataset, days, held(catalog), [])


days = st.dates(date(2013, 1, 1), date(2013, 12, 31))


@given(days, st.integers(0, 400), st.integers(1, 50))
def test_chunks_are_the_range_without_gap_or_overlap(first, more, size):
    whole = Days(first=first, last=first + timedelta(days=more))
    parts = list(chunks(whole, size))
    assert [day for part in parts for day in part.each()] == list(whole.each())
    assert all(len(part) <= size for part in parts)


@given(days, days)
def test_source_days_and_affected_days_are_inverse(catalog, corrected, fitted):
    """The two directions of the same lineage agree: who reads a day is who is rebuilt when it changes."""
    from contender.specs import affected_days, affected_nights

    model = catalog.model("flight_delay")
    horizon = timedelta(days=model.horizon_days)
    for source in catalog.sources(model):
        fed = source_days(catalog, model, source.contract.table, Days.one(fitted))
        if fed is not None and corrected in fed:
            nights = affected_nights(model, source, Days.one(corrected))
            labelled = Days.one(fitted).shifted(model.label_maturity_days)
            assert fitted - horizon in nights or labelled.first in nights
            assert fitted in affected_days(model, source, Days.one(corrected))


def ran(days: Days, seconds: float) -> Run:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return Run(
        dag_id="d",
        run_id="r",
        state="success",
        run_type="manual",
        partition_key=None,
        conf={"first": str(days.first), "last": str(days.last)},
        queued_at=start,
        started_at=start,
        ended_at=start + timedelta(seconds=seconds),
    )


@pytest.mark.parametrize(
    ("past", "seconds"),
    [
        ([], None),
        ([ran(Days.one("2013-01-01"), 10.0)], 70.0),
        (
            [
                ran(Days.one("2013-01-01"), 10.0),
                ran(Days(first=date(2013, 1, 1), last=date(2013, 4, 10)), 50.0),
            ],
            10.0,
        ),
        ([ran(Days(first=date(2013, 1, 1), last=date(2013, 1, 10)), 100.0)], 70.0),
    ],
)
def test_the_time_is_estimated_from_earlier_runs(past, seconds):
    assert estimate(Step(dag="d", days=WEEK, why=""), past) == seconds
