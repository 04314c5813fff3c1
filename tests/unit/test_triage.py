"""The verdict of a monitored day follows from what changed today, and from the evidence of the days before."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.measures.evidence import (
    OF_DISTANCES,
    OF_INVERTED,
    OF_LOSSES,
    THRESHOLD,
    accumulate_rise,
)
from contender.measures.kinds import estimate_loss
from contender.measures.losses import logarithmic, squared
from contender.monitoring import Changes, Performance, conclude, triage
from contender.monitoring.changes import find_changes
from contender.monitoring.triage import Signals
from contender.profiles import profile
from contender.records import ColumnChange, DayProfile, Measures, Monitored, ScoreSkew
from contender.specs import Column, Contract, Monitoring

WATCH = Monitoring()
DAY = date(2013, 9, 1)
ENOUGH, LITTLE = THRESHOLD, THRESHOLD - 0.1
HUMID = ColumnChange(column="humid", kind="missing", observed=1.0, limit=0.05)
WIND = ColumnChange(column="wind", kind="range", observed=8.0, limit=3.0)
FROZEN = ColumnChange(column="rain", kind="constant", observed=1.0, limit=0.0)
SHUFFLED = ScoreSkew(day=DAY, version=3, rows=900, differing=870)
SAME = ScoreSkew(day=DAY, version=3, rows=900, differing=0)
MOST = tuple(ColumnChange(column=f"c{n}", kind="values", observed=0.6, limit=0.2) for n in range(12))


def signals(
    changed=(), drift: float | None = 0.0, rise: float | None = 0.0, joint: float | None = None, skew=None
) -> Signals:
    unusual = tuple(change.column for change in changed if change.kind == "values")
    found = Changes(day=DAY, compared=19, changed=changed, unusual=unusual, skew=skew)
    return Signals(changes=found, drift=drift, rise=rise, joint=joint)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (signals(), "stable"),
        (signals(drift=LITTLE, rise=LITTLE), "stable"),
        (signals(drift=None, rise=None), "stable"),
        (signals(changed=(HUMID,)), "broken_feed"),
        (signals(changed=(WIND,), drift=ENOUGH, rise=ENOUGH), "broken_feed"),
        (signals(changed=(*MOST, HUMID), rise=ENOUGH), "broken_feed"),
        (signals(changed=(*MOST, WIND)), "broken_feed"),
        (signals(changed=(FROZEN,)), "broken_feed"),
        (signals(changed=MOST[:1]), "broken_feed"),
        (signals(skew=SHUFFLED), "broken_feed"),
        (signals(changed=MOST, skew=SHUFFLED), "broken_feed"),
        (signals(skew=SAME), "stable"),
        (signals(changed=MOST[:2]), "covariate_drift"),
        (signals(changed=MOST), "covariate_drift"),
        (signals(drift=ENOUGH), "covariate_drift"),
        (signals(rise=ENOUGH), "concept_drift"),
        (signals(drift=ENOUGH, rise=ENOUGH), "regime_break"),
        (signals(changed=MOST, rise=ENOUGH), "regime_break"),
        (signals(changed=MOST, joint=ENOUGH), "regime_break"),
        (signals(changed=MOST, joint=LITTLE), "covariate_drift"),
        (signals(joint=ENOUGH), "stable"),
        (signals(changed=(*MOST, HUMID), joint=ENOUGH), "broken_feed"),
    ],
)
def test_the_verdict_follows_from_the_signals(found, verdict):
    assert triage(found, WATCH).name == verdict


def test_the_reason_names_the_column_and_the_figures():
    assert triage(signals(changed=(HUMID, WIND, FROZEN), skew=SHUFFLED), WATCH).why == (
        "`humid`: the share of missing values changed by 100%, at most 0.05 is usual; "
        "`wind`: the median lies 8.0 widths outside the range, at most 3.00 is usual; "
        "`rain`: all values are the same, unlike on any recent day; "
        "870 of 900 predictions of 2013-09-01 differ from what version 3 predicts"
    )


def test_a_verdict_does_not_need_evidently():
    """Evidently takes seconds to import, and an error in it must not prevent a verdict."""
    code = "import sys, contender.monitoring; sys.exit('evidently' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_day_without_predictions_is_noted_in_the_action(catalog):
    nothing = Performance(day=DAY, version=None, scored_rows=0, measures=None, expected_loss=None)
    concluded = conclude(catalog.model("flight_delay"), nothing, Changes(day=DAY), (), "run")
    assert (concluded.verdict, "nothing was scored" in concluded.action) == ("stable", True)


def lived(catalog, losses: list[float]):
    """The records of consecutive days with these losses, where 0.15 is expected."""
    records = []
    for nth, loss in enumerate(losses):
        day = DAY + timedelta(days=nth)
        measured = Measures(rows=900, mean_label=0.2, loss=loss, calibration_error=0.1)
        performance = Performance(day=day, version=1, scored_rows=900, measures=measured, expected_loss=0.15)
        records.append(
            conclude(catalog.model("flight_delay"), performance, Changes(day=day), records, f"run {nth}")
        )
    return records


def test_a_lasting_rise_of_the_loss_is_a_concept_drift_within_three_days(catalog):
    quiet = list(0.15 + 0.01 * np.sin(np.arange(40)))
    verdicts = [one.verdict for one in lived(catalog, [*quiet, 0.2, 0.2, 0.2])]
    assert set(verdicts[:40]) == {"stable"}
    assert verdicts[-1] == "concept_drift"


def test_a_single_storm_is_not_a_drift(catalog):
    quiet = list(0.15 + 0.01 * np.sin(np.arange(40)))
    assert {one.verdict for one in lived(catalog, [*quiet, 0.5, *quiet])} == {"stable"}


def judge_contradicted(catalog, contradicted: int, differing: set[int]) -> list[Monitored]:
    """The records of 40 quiet days, then of days on which the higher predictions are contradicted a little."""
    model, records = catalog.model("flight_delay"), []
    for nth in range(40 + contradicted):
        day, wave = DAY + timedelta(days=nth), float(np.sin(nth))
        measured = Measures(rows=900, mean_label=0.2, loss=0.15 + 0.01 * wave, calibration_error=0.1)
        performance = Performance(
            day=day,
            version=1,
            scored_rows=900,
            measures=measured,
            expected_loss=0.15,
            inverted=0.01 * wave,
            inverted_high=0.01 * wave + (0.1 if nth >= 40 else 0.0),
        )
        unusual = ("seats", "distance", "carrier") if nth in differing else ()
        changes = Changes(day=day, compared=19, unusual=unusual)
        records.append(conclude(model, performance, changes, records, f"run {nth}"))
    return records


def test_contradicted_higher_predictions_are_a_regime_break_while_many_columns_differ(catalog):
    verdicts = [one.verdict for one in judge_contradicted(catalog, 3, {40, 41, 42})]
    assert verdicts[40:] == ["covariate_drift", "regime_break", "regime_break"]


def test_contradicted_higher_predictions_are_nothing_while_no_column_differs(catalog):
    assert {one.verdict for one in judge_contradicted(catalog, 3, set())} == {"stable"}


def test_evidence_of_days_before_the_columns_differ_does_not_count(catalog):
    records = judge_contradicted(catalog, 3, {42})
    assert [one.joint for one in records[:42]] == [None] * 42
    assert records[-1].verdict == "covariate_drift"


figures = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60)


@given(figures, st.floats(0.1, 10), st.floats(-100, 100))
def test_evidence_does_not_depend_on_the_unit_of_the_figure(found, scale, shift):
    found = [round(figure, 3) for figure in found]
    # Rounding can break ties that exact arithmetic keeps.
    moved = [float(scale * figure + shift) for figure in found]
    if len(set(moved)) == len(set(found)):
        assert accumulate_rise(moved, OF_LOSSES) == pytest.approx(accumulate_rise(found, OF_LOSSES), abs=0.05)


@pytest.mark.parametrize("sensitivity", [OF_DISTANCES, OF_LOSSES, OF_INVERTED])
@given(found=figures)
def test_evidence_is_never_negative_and_one_day_is_never_enough(found, sensitivity):
    evidence, most = accumulate_rise(found, sensitivity), sensitivity.largest - sensitivity.allowance
    assert most < THRESHOLD
    assert evidence >= 0
    assert accumulate_rise([*found, 1e6], sensitivity) <= evidence + most + 1e-9


@pytest.mark.parametrize("loss", [squared, logarithmic])
def test_the_estimated_loss_is_that_of_calibrated_outcomes(loss):
    rng = np.random.default_rng(1)
    scores = rng.uniform(0.05, 0.95, 200_000)
    outcomes = (rng.random(len(scores)) < scores).astype(float)
    assert estimate_loss(loss, scores) == pytest.approx(float(loss(outcomes, scores).mean()), rel=0.01)


CONTRACT = Contract(
    table="features.sales",
    owner="sales@shop.example",
    columns=(
        Column(name="day", type="date", description="of the sale"),
        Column(name="shop", type="string", description="where"),
        Column(name="price", type="number", description="paid", nullable=True),
        Column(name="warmth", type="number", description="one value a day", nullable=True),
    ),
    primary_key=("day", "shop"),
)


def day_of(nth: int, rows: int = 2000, **columns) -> DayProfile:
    """The profile of a day of sales; `columns` replaces some."""
    rng, day = np.random.default_rng(nth), DAY + timedelta(days=nth)
    values = {
        "day": [day] * rows,
        "shop": rng.choice(["a", "b", "c"], rows),
        "price": rng.lognormal(3, 0.5, rows),
        "warmth": np.full(rows, 10 + 8 * np.sin(nth)),
    }
    return profile(CONTRACT, day, "", pa.table(values | columns))


RECENT = [day_of(nth) for nth in range(28)]
FAULTS = {
    "emptied": ("price", "missing", {"price": pa.nulls(2000, pa.float64())}),
    "a tenth emptied": (
        "price",
        "missing",
        {"price": [None if n % 10 == 0 else 20.0 + n % 31 for n in range(2000)]},
    ),
    "constant": ("price", "constant", {"price": [20.0] * 2000}),
    "unit": ("price", "values", {"price": [2000.0 + n % 310 for n in range(2000)]}),
    "unit of a daily value": ("warmth", "range", {"warmth": [180.0] * 2000}),
    "daily value emptied": ("warmth", "missing", {"warmth": pa.nulls(2000, pa.float64())}),
    "one category": ("shop", "constant", {"shop": ["a"] * 2000}),
    "categories": ("shop", "values", {"shop": ["a", "a", "a", "b"] * 500}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_column_that_changes_is_found_the_same_day(fault):
    column, kind, columns = FAULTS[fault]
    (found,) = find_changes(day_of(28, **columns), RECENT, WATCH).changed
    assert found.column == column
    assert found.kind in (kind, "range")


def test_a_usual_day_has_no_changes():
    found = find_changes(day_of(28), RECENT, WATCH)
    assert (found.compared, found.changed) == (3, ())


@pytest.mark.parametrize("rows", [100, 1_000, 100_000])
def test_the_number_of_rows_does_not_make_a_change(rows):
    recent = [day_of(nth, rows) for nth in range(20)]
    assert find_changes(day_of(99, rows), recent, WATCH).changed == ()


def test_a_single_value_is_no_change_if_a_recent_day_had_two():
    recent = [*RECENT[:27], day_of(27, price=[20.0] * 1000 + [30.0] * 1000)]
    found = find_changes(day_of(28, price=[20.0] * 2000), recent, WATCH)
    assert "constant" not in [change.kind for change in found.changed]


OTHER_MIX = {"shop": ["a", "a", "b"], "price": [10.0, 11.0, 90.0]}


@pytest.mark.parametrize("rows", [10_000, 100_000, 1_000_000])
@pytest.mark.parametrize(
    ("mix", "changed"), [(None, []), (OTHER_MIX, [("shop", "values"), ("price", "values")])]
)
def test_the_verdict_depends_on_the_distribution_not_on_the_number_of_rows(rows, mix, changed):
    columns = {name: np.resize(values, rows) for name, values in (mix or {}).items()}
    found = find_changes(day_of(28, rows, **columns), RECENT, WATCH)
    assert [(change.column, change.kind) for change in found.changed] == changed
    assert found.unusual == tuple(column for column, _ in changed)


def test_a_fault_that_lasts_is_found_every_day():
    broken = {"price": [20.0] * 2000}
    days, before = [*RECENT], {"price": set()}
    for nth in range(28, 48):
        today = day_of(nth, **broken)
        (found,) = find_changes(today, days, WATCH, before).changed
        assert found.column == "price"
        before["price"].add(today.day)
        days.append(today)


def test_with_few_days_nothing_is_compared():
    assert find_changes(day_of(28, **FAULTS["emptied"][2]), RECENT[:13], WATCH).compared == 0
