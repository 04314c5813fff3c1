"""Admission gives the same result if it is killed between any two steps and run again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pyarrow as pa
import pytest

from contender.admission import gate_batch, list_quarantined, publish_batch
from contender.installation import Installation
from contender.lake import stage
from contender.lake.commits import LoadedDays
from contender.lake.schema import arrow_schema
from contender.records import Evaluation, Measures, TrainedVersion
from contender.records.caveats import Caveats
from contender.records.gates import GateResults
from contender.records.profiles import Profiles
from contender.records.publications import Publications
from contender.settings import Settings
from contender.specs import Column, DatasetSpec, Days, Delivery, Input, ModelSpec, Recipe, RowCount
from contender.status import read_status
from tests.made_up_catalog import install

OWNER = "sales@contender.example"
FIRST, SECOND, THIRD = (date(2013, 9, number) for number in (1, 2, 3))
SALES = DatasetSpec(
    name="sales",
    description="what was sold",
    owner=OWNER,
    delivery=Delivery(path="sales/{day}.csv", cron="30 3 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="shop", type="string", description="shop"),
        Column(name="amount", type="number", unit="EUR", nullable=True, description="amount"),
    ),
    primary_key=("day", "shop"),
    expectations=(RowCount(low=1, high=2),),
)
MODEL = ModelSpec(
    name="returns",
    description="who comes back",
    owner=OWNER,
    label="comes back",
    inputs=(Input(dataset="sales", history_days=2),),
    keys=(Column(name="shop", type="string", description="where"),),
    features=(Column(name="spent", type="number", description="EUR"),),
    recipes=(Recipe(name="plain", window_days=10),),
    baseline_features=("spent",),
)
CONTRACT, TABLE = SALES.contract, SALES.contract.table
MEASURES = Measures(rows=1, mean_label=0, loss=0.1, calibration_error=0.1)


@pytest.fixture(params=["a folder", "S3"])
def here(request, tmp_path) -> Settings:
    return (
        Settings(home=tmp_path / "home") if request.param == "a folder" else request.getfixturevalue("on_s3")
    )


@pytest.fixture
def sales(installation) -> Installation:
    return install(installation.settings, [SALES], [MODEL])


@pytest.fixture
def staged(here):
    def batch(*sold, days: Days | date = FIRST):
        rows = [{"day": day, "shop": shop, "amount": amount} for day, shop, amount in sold]
        span = days if isinstance(days, Days) else Days.one(days)
        return stage(pa.Table.from_pylist(rows, arrow_schema(CONTRACT)), CONTRACT, span, here.staging)

    return batch


def test_only_a_publication_that_replaces_rows_is_a_correction(sales, staged):
    delivered, corrected = staged((FIRST, "a", 1.0)), staged((FIRST, "a", 2.0))
    published = [
        publish_batch(sales, batch, f"run {n}") for n, batch in enumerate([delivered, delivered, corrected])
    ]
    assert [(one.changed, one.corrected) for one in published] == [
        (True, False),
        (False, False),
        (True, True),
    ]
    assert publish_batch(sales, corrected, "run 2").corrected  # a retry of the same task


@pytest.fixture
def fit(sales):
    """Records a version that was fitted on these days."""

    def fit_on(version: int, trained_on: Days) -> None:
        trained = TrainedVersion(
            model="returns",
            version=version,
            night=trained_on.last,
            recipe="plain",
            recipe_fingerprint="x",
            features=(),
            trained_on=trained_on,
            days_with_rows=1,
            rows=1,
            mean_label=0,
            pins=(),
            seed=0,
            code_version="x",
            environment="x",
        )
        evaluation = Evaluation(
            id=f"e{version}",
            model="returns",
            night=trained_on.last,
            judged_on=Days.one(trained_on.last),
            challenger=trained,
            champion=None,
            challenger_measures=MEASURES,
            champion_measures=None,
            baseline_measures=MEASURES,
            disagreement=None,
        )
        sales.book.evaluations.add(evaluation)

    return fit_on


@pytest.fixture
def die(monkeypatch):
    """Runs a call in which a method dies, before or after it did its work; None when the call came to its end."""

    def run(kind: type, method: str, call, *, after: bool) -> None:
        real = getattr(kind, method)

        def killed(*given, **named):
            if after:
                real(*given, **named)
            raise KeyboardInterrupt

        with monkeypatch.context() as dying:
            dying.setattr(kind, method, killed)
            with pytest.raises(KeyboardInterrupt):
                call()

    return run


def held(here: Installation) -> list[tuple[date, str, float]]:
    return [tuple(row.values()) for row in here.lake.read(CONTRACT).to_pylist()]


def superseded(here: Installation) -> list[tuple[int, str]]:
    caveats = here.book.caveats.newest("returns")
    return sorted((caveat.version, caveat.why) for caveat in caveats)


CORRECTED = "datasets.sales 2013-09-01 was corrected after training"
STEPS_OF_PUBLISHING = [
    (Publications, "intend"),
    (LoadedDays, "replace"),
    (Caveats, "add"),
    (Publications, "confirm"),
]


def test_a_new_day_changes_its_table_and_marks_nothing(sales, staged, fit):
    fit(1, Days(first=FIRST, last=THIRD))
    published = publish_batch(sales, staged((FIRST, "a", 1.0)), "run")
    assert published.changed
    assert published.snapshot == sales.lake.snapshot(TABLE)
    assert superseded(sales) == []


def test_the_same_day_delivered_twice_changes_nothing(sales, staged):
    first = publish_batch(sales, staged((FIRST, "a", 1.0)), "run 1")
    again = publish_batch(sales, staged((FIRST, "a", 1.0)), "run 2")
    assert (again.changed, again.snapshot) == (False, first.snapshot)


def test_a_corrected_day_marks_the_versions_that_were_fitted_on_it_and_no_other(sales, staged, fit):
    publish_batch(sales, staged((FIRST, "a", 1.0)), "run 1")
    fit(1, Days(first=FIRST, last=THIRD))
    fit(2, Days(first=FIRST + timedelta(days=20), last=FIRST + timedelta(days=30)))
    publish_batch(sales, staged((FIRST, "a", 9.0)), "run 2")
    assert superseded(sales) == [(1, CORRECTED)]


def test_only_changed_days_of_a_range_are_superseded(sales, staged, fit):
    both = Days(first=FIRST, last=FIRST + timedelta(days=20))
    last = both.last
    publish_batch(sales, staged((FIRST, "a", 1.0), (last, "a", 1.0), days=both), "run 1")
    fit(1, Days(first=FIRST, last=SECOND))
    fit(2, Days(first=last - timedelta(days=2), last=last))
    publish_batch(sales, staged((FIRST, "a", 1.0), (last, "a", 2.0), days=both), "run 2")
    assert superseded(sales) == [(2, f"datasets.sales {last} was corrected after training")]


@pytest.mark.parametrize(("kind", "method"), STEPS_OF_PUBLISHING, ids=lambda part: str(part))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_publishing_killed_at_any_step_and_run_again_comes_to_the_same(
    sales, staged, fit, die, kind, method, after
):
    publish_batch(sales, staged((FIRST, "a", 1.0)), "run 1")
    fit(1, Days(first=FIRST, last=THIRD))
    correction = staged((FIRST, "a", 9.0))
    die(kind, method, lambda: publish_batch(sales, correction, "run 2"), after=after)
    again = publish_batch(sales, correction, "run 2")
    assert (again.changed, again.snapshot) == (True, sales.lake.snapshot(TABLE))
    assert held(sales) == [(FIRST, "a", 9.0)]
    assert superseded(sales) == [(1, CORRECTED)]
    assert sales.book.publications.unconfirmed(TABLE, Days.one(FIRST)) == []


@pytest.mark.parametrize(("kind", "method"), STEPS_OF_PUBLISHING[1:], ids=lambda part: str(part))
def test_another_run_of_the_same_rows_completes_a_killed_run(sales, staged, fit, die, kind, method):
    publish_batch(sales, staged((FIRST, "a", 1.0)), "run 1")
    fit(1, Days(first=FIRST, last=THIRD))
    die(kind, method, lambda: publish_batch(sales, staged((FIRST, "a", 9.0)), "run 2"), after=True)
    other = publish_batch(sales, staged((FIRST, "a", 9.0)), "run 3")
    assert not other.changed
    assert superseded(sales) == [(1, CORRECTED)]
    assert sales.book.publications.unconfirmed(TABLE, Days.one(FIRST)) == []


def test_a_first_day_whose_run_was_killed_is_not_taken_for_a_correction(sales, staged, fit, die):
    fit(1, Days(first=FIRST, last=THIRD))
    batch = staged((FIRST, "a", 1.0))
    die(Publications, "confirm", lambda: publish_batch(sales, batch, "run"), after=False)
    assert publish_batch(sales, batch, "run").changed
    assert superseded(sales) == []


def test_an_attempt_killed_after_its_commit_is_recognised_as_its_own(sales, staged, die):
    batch = staged((FIRST, "a", 1.0))
    die(Publications, "confirm", lambda: publish_batch(sales, batch, "run 1"), after=False)
    again = publish_batch(sales, batch, "run 1")
    other = publish_batch(sales, batch, "run 2")
    assert again.changed
    assert not other.changed


def test_an_attempt_killed_before_its_commit_leaves_nothing_visible(sales, staged, die):
    batch = staged((FIRST, "a", 1.0))
    die(LoadedDays, "replace", lambda: publish_batch(sales, batch, "run 1"), after=False)
    assert held(sales) == []
    assert publish_batch(sales, batch, "run 1").changed


def test_a_commit_of_another_writer_in_between_is_kept_and_noticed(sales, staged, fit, monkeypatch):
    fit(1, Days(first=FIRST, last=THIRD))
    real, others = LoadedDays.replace, []

    def late(loaded, batch, changes):
        if not others:
            others.append(sales.lake)
            real(sales.lake.load_days(CONTRACT, Days.one(FIRST)), other, by_other)
        real(loaded, batch, changes)

    other = staged((FIRST, "other", 1.0))
    by_other = sales.lake.load_days(CONTRACT, Days.one(FIRST)).compare(other)
    monkeypatch.setattr(LoadedDays, "replace", late)
    assert publish_batch(sales, staged((FIRST, "a", 2.0)), "run").changed
    assert held(sales) == [(FIRST, "a", 2.0)]
    assert superseded(sales) == [(1, CORRECTED)]


def test_two_runs_at_once_publish_the_same_rows_once(sales, staged):
    publish_batch(sales, staged((SECOND, "zero", 0.0), days=SECOND), "before")
    batches = [staged((FIRST, "a", 1.0)) for _ in range(3)]
    with ThreadPoolExecutor(3) as writers:
        done = list(
            writers.map(
                lambda each: publish_batch(install(sales.settings, [SALES]), each[1], f"run {each[0]}"),
                enumerate(batches),
            )
        )
    assert any(published.changed for published in done)
    assert held(sales) == [(FIRST, "a", 1.0), (SECOND, "zero", 0.0)]
    assert sales.book.publications.unconfirmed(TABLE, Days.one(FIRST)) == []


def test_the_status_and_the_lake_agree_about_the_newest_day_after_every_publication(sales, staged, die):
    for run, days in enumerate([Days.one(FIRST), Days(first=FIRST, last=SECOND), Days.one(FIRST)]):
        rows = [(day, "a", float(run)) for day in days.each()]
        publish_batch(sales, staged(*rows, days=days), f"run {run}")
        assert newest_day_of_the_status(sales) == sales.lake.newest_day(TABLE)
    late = staged((THIRD, "a", 1.0), days=THIRD)
    die(Publications, "confirm", lambda: publish_batch(sales, late, "killed"), after=False)
    assert newest_day_of_the_status(sales) == SECOND
    publish_batch(sales, late, "again")
    assert newest_day_of_the_status(sales) == sales.lake.newest_day(TABLE) == THIRD


def newest_day_of_the_status(here: Installation) -> date | None:
    (dataset,) = read_status(here).datasets
    return dataset.last_good_day


def test_a_closed_day_is_published_once(installation, staged):
    closed = SALES.model_copy(update={"delivery": SALES.delivery.model_copy(update={"closed": (SECOND,)})})
    here = install(installation.settings, [closed])
    publish_batch(here, staged((FIRST, "a", 1.0)), "run 0")
    nothing = staged(days=SECOND)
    published = [publish_batch(here, nothing, run).changed for run in ("run 1", "run 1", "run 2")]
    # The second is the first run's own, tried again.
    assert published == [True, True, False]
    assert here.lake.days(TABLE) == [FIRST]


def test_an_empty_day_that_is_not_closed_is_not_recorded(sales, staged):
    publish_batch(sales, staged((FIRST, "a", 1.0)), "run 0")
    assert not publish_batch(sales, staged(days=SECOND), "run 1").changed


def test_an_empty_batch_for_a_missing_table_is_not_recorded(sales, staged):
    assert not publish_batch(sales, staged(), "run").changed


def test_a_batch_that_passes_is_recorded_with_its_profile(sales, staged):
    batch = staged((FIRST, "a", 1.0))
    result = gate_batch(sales, batch, "run")
    assert (result.verdict, result.quarantine) == ("pass", None)
    assert sales.book.gates.get(result.id) == result
    assert [profile.day for profile in sales.book.profiles.newest(TABLE)] == [FIRST]


def test_a_batch_that_fails_waits_in_quarantine_and_leaves_no_profile(sales, staged):
    result = gate_batch(sales, staged(*((FIRST, shop, 1.0) for shop in "abc")), "run")
    (waiting,) = list_quarantined(sales)
    assert (result.verdict, waiting.result, waiting.state) == ("fail", result, "waiting")
    assert sales.book.profiles.newest(TABLE) == []


@pytest.mark.parametrize(
    ("shops", "kind", "method"),
    [("a", Profiles, "add"), ("a", GateResults, "add"), ("abc", GateResults, "add")],
    ids=["profile", "result of a pass", "result of a failure"],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_gate_killed_at_any_step_and_run_again_comes_to_the_same(
    sales, staged, die, shops, kind, method, after
):
    batch = staged(*((FIRST, shop, 1.0) for shop in shops))
    die(kind, method, lambda: gate_batch(sales, batch, "run"), after=after)
    result = gate_batch(sales, batch, "run")
    failed = len(shops) > 2
    assert result.verdict == ("fail" if failed else "pass")
    assert [kept.id for kept in sales.book.gates.newest(TABLE)] == [result.id]
    assert len(list_quarantined(sales)) == failed
    assert len(sales.book.profiles.newest(TABLE)) == (not failed)


def test_a_gate_returns_the_recorded_result_of_its_run(sales, staged):
    batch = staged((FIRST, "a", 1.0))
    first = gate_batch(sales, batch, "run")
    assert gate_batch(sales, batch, "run") == first
