"""Make a study: read the labelled rows of a model, fit and measure, and look up when its data arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from contender.backtesting import cut
from contender.errors import PermanentError
from contender.feasibility.ages import AGE, add_ages
from contender.feasibility.figures import Arrivals, History, MissingValues, Study, Timing
from contender.feasibility.folds import BLOCKS, plan_folds
from contender.feasibility.measure import Subject, count_fits, measure_curve, measure_held_out
from contender.installation import Installation
from contender.lake import pin_examples, read_examples
from contender.measures import LabelError, PredictionError, choose_loss
from contender.safe_storage import UnsafeModel
from contender.specs import Days, ModelSpec, Recipe, expected_at, scores_due
from contender.specs.catalog import Source
from contender.training import TrainingError, count_missing, load_functions

SAMPLE_ROWS = 100_000
DAYS_READ = 730
ROWS_READ = 3_000_000
SEED = 20130901
_GATES = 200  # newest gate results of an input that are looked at
_LOADED_LATER = timedelta(days=3)  # a delivery that came so long after its time was loaded by hand

Report = Callable[[int], None]  # called with the number of fits at first, and after each with 0


class FeasibilityError(PermanentError):
    """Nothing can be studied; the message says what is missing and how to get it."""


def make_study(
    here: Installation, name: str, sample: int = SAMPLE_ROWS, report: Report = lambda _: None
) -> Study:
    """Measure a model's first recipe on its history in the lake. Changes nothing.

    Raises UnknownNameError, FeasibilityError without labelled rows, and LossError.
    """
    model = here.catalog.model(name)
    recipe = model.recipes[0]
    days, rows = _read_rows(here, model)
    sampled = _draw(rows, sample)
    study = Study(
        model=name,
        recipe=recipe.name,
        loss=model.loss,
        seed=SEED,
        history=_describe(here, model, days, rows, len(sampled)),
        timing=_read_timing(here, model, datetime.now(UTC)),
        nonnegative=model.loss != "cost",
    )
    subject = _make_subject(here, model, recipe, days, sampled)
    return study if subject is None else _measure(study, subject, report)


def read_subject(here: Installation, model: ModelSpec, recipe: Recipe, sample: int = SAMPLE_ROWS) -> Subject:
    """Return a recipe with the labelled history in the lake and its held-out blocks.

    Raises FeasibilityError without labelled rows, or with too few days for the blocks, and LossError.
    """
    days, rows = _read_rows(here, model)
    subject = _make_subject(here, model, recipe, days, _draw(rows, sample))
    if subject is None:
        raise FeasibilityError(
            f"{model.name}: {rows['day'].nunique()} days with labelled rows are too few to hold {BLOCKS} blocks out: "
            f"load more history with `contender load {model.name} FIRST..LAST`"
        )
    return subject


def _make_subject(
    here: Installation, model: ModelSpec, recipe: Recipe, days: Days, rows: pd.DataFrame
) -> Subject | None:
    """Return the subject of the rows of these days; None if there are too few days to hold any out."""
    folds = plan_folds(model, sorted(set(rows["day"])))
    if folds is None:
        return None
    try:
        history = cut(model, rows, days)
    except LabelError as error:
        raise FeasibilityError(str(error)) from None
    home = here.catalog.model_home(model.name)
    return Subject(
        model, recipe, load_functions(home, recipe), choose_loss(model, home), history, folds, SEED
    )


def _measure(study: Study, subject: Subject, report: Report) -> Study:
    report(count_fits(subject.folds))
    blocks = subject.folds.blocks
    try:
        curve, failed = measure_curve(subject, lambda: report(0))
        held = measure_held_out(subject, lambda: report(0))
    except (TrainingError, UnsafeModel, PredictionError) as error:
        return study.model_copy(update={"blocks": blocks, "failure": str(error)})
    return study.model_copy(
        update={
            "blocks": blocks,
            "curve": tuple(curve),
            "failed_sizes": tuple(failed),
            "comparison": held.compare(),
            "gains": held.rank_features(),
            "ages": held.split_by_age(held.rows[AGE].to_numpy(np.int64)),
        }
    )


def _read_rows(here: Installation, model: ModelSpec) -> tuple[Days, pd.DataFrame]:
    """Read the newest labelled days, as many as the budget allows, with the age of each key."""
    tables = (model.feature_contract.table, model.label_contract.table)
    features, labels = (here.lake.days(table) for table in tables)
    both = sorted(set(features) & set(labels))
    if not both:
        missing = " and ".join(
            table for table, days in zip(tables, (features, labels), strict=True) if not days
        )
        raise FeasibilityError(
            f"{model.name}: {missing or 'no day with both ' + ' and '.join(tables)} "
            f"{'is empty' if missing and ' and ' not in missing else 'are empty'}: load a history with "
            f"`contender load {model.name} FIRST..LAST`"
        )
    days = Days(first=_first_read(here, model, both), last=both[-1])
    rows = read_examples(here.lake, model, days, pin_examples(here.lake, model))
    if rows.empty:
        raise FeasibilityError(
            f"{model.name}: no row of {tables[0]} has the key of a row of {tables[1]} in {days.key}: correct "
            "`build_labels`, and build these days again"
        )
    return days, add_ages(model, rows)


def _first_read(here: Installation, model: ModelSpec, days: list[date]) -> date:
    """Return the first of the newest days whose rows are within the budget."""
    newest = days[-DAYS_READ:]
    files = here.lake.day_files(model.label_contract.table, Days(first=newest[0], last=newest[-1]))
    total, first = 0, newest[-1]
    for day in reversed(newest):
        total += files[day].rows
        if total > ROWS_READ:
            break
        first = day
    return first


def _draw(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return a seeded sample of the rows in their order, or all if there are at most so many."""
    if len(rows) <= most:
        return rows
    chosen = np.random.default_rng(SEED).choice(len(rows), most, replace=False)
    return rows.iloc[np.sort(chosen)]


def _describe(here: Installation, model: ModelSpec, days: Days, rows: pd.DataFrame, used: int) -> History:
    found = set(rows["day"])
    span = Days(first=min(found), last=max(found))
    shares = {name: float(rows[name].isna().mean()) for name in model.feature_names}
    missing = sorted(((share, name) for name, share in shares.items() if share), reverse=True)
    return History(
        days=span,
        days_with_rows=len(found),
        missing_days=count_missing(here.catalog, model, span, found),
        rows=len(rows),
        read_from=days.first,
        rows_used=used,
        newest_features=here.lake.newest_day(model.feature_contract.table) or span.last,
        missing_values=tuple(MissingValues(name=name, share=share) for share, name in missing),
    )


def _read_timing(here: Installation, model: ModelSpec, now: datetime) -> Timing:
    night = now.date() - timedelta(days=1)
    return Timing(
        scored_by=None
        if model.scored_by is None
        else f"{model.scored_by:%H:%M} {model.scored_by_zone or 'UTC'}",
        label_maturity_days=model.label_maturity_days,
        outcome_lag=model.outcome_lag,
        inputs=tuple(_read_arrivals(here, model, night)),
    )


def _read_arrivals(here: Installation, model: ModelSpec, night: date) -> Iterator[Arrivals]:
    datasets = {dataset.contract.table: dataset for dataset in here.catalog.datasets.values()}
    for source in here.catalog.sources(model):
        dataset = datasets.get(source.contract.table)
        if not source.contract.daily:
            continue
        if dataset is None:
            yield Arrivals(
                table=source.contract.table, due=None, grace_hours=0, deadline=None, recorded=0, late=0
            )
            continue
        first = _first_arrivals(here, source)
        timely = {
            day: at for day, at in first.items() if abs(at - expected_at(dataset, day)) <= _LOADED_LATER
        }
        late = [
            day
            for day, at in timely.items()
            if (until := scores_due(model, day - timedelta(days=source.lead_days))) and at > until
        ]
        yield Arrivals(
            table=source.contract.table,
            due=expected_at(dataset, night + timedelta(days=source.lead_days)),
            grace_hours=dataset.delivery.grace_hours,
            deadline=scores_due(model, night),
            recorded=len(timely),
            late=len(late),
        )


def _first_arrivals(here: Installation, source: Source) -> dict[date, datetime]:
    """Return when the first delivery of each day was checked, by the newest records of single days."""
    found: dict[date, datetime] = {}
    for gate in here.book.gates.newest(source.contract.table, _GATES):
        if gate.days.is_single:
            found[gate.days.first] = min(gate.at, found.get(gate.days.first, gate.at))
    return found
