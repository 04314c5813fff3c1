"""Compare the outcomes of recent days with the predictions that were served for them.

Wrong labels that arrive with new days only, night after night, change challenger and champion alike, and nothing that
compares the two shows it. The predictions that were served before the outcomes were known do not depend on them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time

from contender.evaluating.remember import excused_days
from contender.installation import Installation
from contender.lake import read_measured
from contender.measures import Agreement, Outcomes, Predictions, finite_rows, kind_of, read_scores
from contender.measures.evidence import DAYS_REMEMBERED, Sensitivity, accumulate_rise
from contender.records import DayAgreement, OutcomeChange, identify
from contender.specs import Days, ModelSpec

# The first four weeks are only compared with.
FEWEST_DAYS = 28
DAYS_COMPARED = DAYS_REMEMBERED + FEWEST_DAYS
# A smaller fall is found than by monitoring, and later: wrong labels do harm only if they last for weeks.
OF_AGREEMENT = Sensitivity(0.5, 4.0)
THRESHOLD = 7.0


def served_days(model: ModelSpec, night: date) -> Days:
    """Return the days whose outcomes are compared in a night: twelve weeks up to the newest known outcomes."""
    return model.matured_days(Days.one(night)).reaching_back(DAYS_COMPARED - 1)


def find_outcome_change(
    model: ModelSpec, agreements: Mapping[date, Agreement], excused: Collection[date] = ()
) -> OutcomeChange:
    """Return the evidence that outcomes agree less with served predictions than before, without the `excused` days.

    Labels that take several days to be known cover as many days, so those of neighbouring days overlap.
    """
    compared = [agreements[day] for day in sorted(agreements) if day not in excused]
    overlapping = max(model.label_maturity_days, 1)
    return OutcomeChange(
        days=len(compared),
        excused_days=len(agreements) - len(compared),
        missing=_evidence([one.level for one in compared], overlapping),
        weaker=_evidence([one.slope for one in compared], overlapping),
        bar=THRESHOLD,
    )


def read_outcome_change(installation: Installation, model: ModelSpec, night: date) -> OutcomeChange | None:
    """Compare the outcomes in the lake with the served predictions; None for a kind without such figures."""
    if kind_of(model).agree is None:
        return None
    days = served_days(model, night)
    agreements = {
        day: Agreement(found.level, found.slope)
        for day, found in _read_agreements(installation, model, days).items()
        if found.compared
    }
    since = datetime.combine(days.first, time(), UTC)
    acts = installation.book.acts.corrections_since(since)
    return find_outcome_change(model, agreements, excused_days(installation.catalog, model, acts, since))


def _read_agreements(installation: Installation, model: ModelSpec, days: Days) -> dict[date, DayAgreement]:
    """Return the agreements of the days with predictions and outcomes, which the book keeps."""
    lake, book = installation.lake, installation.book
    served = lake.day_files(model.prediction_contract.table, days)
    labels = lake.day_files(model.label_contract.table, days)
    compared_by = (model.kind, model.race.min_rows, model.measured_rows)
    ids = {
        day: identify("agreement", model.name, day, served[day].digest, labels[day].digest, *compared_by)
        for day in served.keys() & labels.keys()
    }
    known = book.agreements.with_ids(ids.values())
    return {
        day: known.get(its_id) or book.agreements.add(_compare(installation, model, day, its_id))
        for day, its_id in sorted(ids.items())
    }


def _compare(installation: Installation, model: ModelSpec, day: date, its_id: str) -> DayAgreement:
    served, labels = (
        read_measured(installation.lake, model, contract, Days.one(day)).to_pandas()
        for contract in (model.prediction_contract, model.label_contract)
    )
    rows = served.merge(labels, on=list(model.row_key), how="inner", validate="one_to_one")
    found = agree_on(model, kind_of(model).encode(rows["label"]), read_scores(model, rows))
    figures = {} if found is None else found._asdict()
    return DayAgreement(id=its_id, model=model.name, day=day, compared=found is not None, **figures)


def agree_on(model: ModelSpec, outcomes: Outcomes, predictions: Predictions) -> Agreement | None:
    """Return the agreement of a day; None for a kind without such figures, or with too few rows for a comparison."""
    agree, usable = kind_of(model).agree, finite_rows(predictions)
    if agree is None or usable.sum() < model.race.min_rows:
        return None
    return agree(outcomes[usable], predictions[usable])


def _evidence(figures: Iterable[float | None], overlapping: int) -> float | None:
    fallen: Sequence[float] = [-figure for figure in figures if figure is not None]
    if len(fallen) <= FEWEST_DAYS:
        return None
    return accumulate_rise(fallen, OF_AGREEMENT, fewest_days=FEWEST_DAYS, overlapping_days=overlapping)
