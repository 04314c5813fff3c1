"""Read from the book what an evaluation needs besides rows: earlier refreshes, gate verdicts, and corrections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from math import sqrt
from statistics import quantiles

from contender.records import (
    CORRECTING,
    Act,
    Book,
    Evaluation,
    GatedDays,
    TrainedVersion,
    UsualChange,
    compares_refresh,
)
from contender.specs import Catalog, Days, ModelSpec, affected_nights
from contender.specs.days import parse_day

NIGHTS_REMEMBERED = 28
FEWEST_NIGHTS = 7


def with_usual_change(evaluation: Evaluation, past: Sequence[Evaluation]) -> Evaluation:
    """Return the evaluation with the usual change of a refresh, computed from the model's earlier evaluations."""
    challenger, champion = evaluation.challenger, evaluation.champion
    refreshes = [] if champion is None else choose_refreshes(past, challenger, champion)
    return evaluation.model_copy(update={"usual": usual_change(refreshes, challenger, champion)})


def choose_refreshes(
    past: Sequence[Evaluation], challenger: TrainedVersion, champion: TrainedVersion
) -> list[Evaluation]:
    """Return the evaluations that `Evaluations.refreshes_before` would find, if `past` were in the book."""
    served = {champion.version} | {one.champion.version for one in past if one.champion is not None}
    by_night: dict[date, Evaluation] = {}
    for one in sorted(past, key=lambda e: (e.night, e.at), reverse=True):
        if (
            one.night < challenger.night
            and one.challenger.version in served
            and one.challenger.recipe_fingerprint == challenger.recipe_fingerprint
            and compares_refresh(one)
        ):
            by_night.setdefault(one.night, one)
    return list(by_night.values())[:NIGHTS_REMEMBERED]


def read_usual_change(
    challenger: TrainedVersion, champion: TrainedVersion | None, book: Book
) -> UsualChange | None:
    """Return the usual change of a refresh, computed from evaluations in the book."""
    if champion is None:
        return None
    refreshes = book.evaluations.refreshes_before(challenger, champion, NIGHTS_REMEMBERED)
    return usual_change(refreshes, challenger, champion)


def usual_change(
    refreshes: Sequence[Evaluation], challenger: TrainedVersion, champion: TrainedVersion | None
) -> UsualChange | None:
    """Return how much a refresh usually changes predictions; None with fewer than seven comparable refreshes.

    The result is the 90 % quantile over `refreshes`: those of the newest 28 nights that were promoted and evaluated
    against a version of the same recipe. Held refreshes are not included, so they cannot widen the next night's bound.
    Versions whose fits are further apart differ more: each difference is scaled to tonight's distance by the square
    root of the days between the fits, as for a sum of independent changes.
    """
    if champion is None or len(refreshes) < FEWEST_NIGHTS:
        return None
    now = sqrt(_days_between(challenger, champion))
    scales = [now / sqrt(_days_between(e.challenger, e.champion)) for e in refreshes if e.champion]
    return UsualChange(
        nights=len(refreshes),
        disagreement=_nine_of_ten(
            s * (e.disagreement or 0.0) for s, e in zip(scales, refreshes, strict=True)
        ),
        shift=_nine_of_ten(s * abs(e.shift or 0.0) for s, e in zip(scales, refreshes, strict=True)),
    )


def gated_days(model: ModelSpec, challenger: TrainedVersion, held: Sequence[date], book: Book) -> GatedDays:
    """Return the gate verdicts of the days that a version was trained on."""
    tables = (model.feature_contract.table, model.label_contract.table)
    passed_days = [book.gates.passed_days(table) for table in tables]
    released = [c for c in book.caveats.of_version(model.name, challenger.version) if c.kind == "released"]
    return GatedDays(
        days=len(held),
        ungated=tuple(
            day for day in held if not all(any(day in days for days in passed) for passed in passed_days)
        ),
        released=len(released),
    )


def excused_days(catalog: Catalog, model: ModelSpec, acts: Sequence[Act], since: datetime) -> frozenset[date]:
    """Return the days whose training rows may differ because a person replaced, released or erased data since a fit.

    An erasure excuses the days of features and labels that lost rows. Rows erased from a source change features only
    after a backfill, which is recorded as an act of its own.
    """
    own = (model.feature_contract.table, model.label_contract.table)
    excused: set[date] = set()
    for act in acts:
        if act.kind not in CORRECTING or act.at <= since:
            continue
        if act.kind == "erased":
            excused |= _erased_days(act, own)
            continue
        days = Days.read(str(act.detail.get("days", act.key)))
        for source in catalog.sources(model):
            if act.about in (source.contract.table, source.contract.table.removeprefix("datasets.")):
                nights = affected_nights(model, source, days)
                excused |= {*model.scored_days(nights).each(), *model.matured_days(nights).each()}
        if act.about in own:
            excused |= set(days.each())
    return frozenset(excused)


def _erased_days(act: Act, tables: Collection[str]) -> set[date]:
    """Return the days of some tables from which an erasure removed rows, according to its record."""
    erasure = act.detail["erasure"]
    assert isinstance(erasure, dict)
    rows = (holding["rows"] for holding in erasure["holdings"] if holding["table"] in tables)
    return {parse_day(day) for by_day in rows for day in by_day}


def _nine_of_ten(values: Iterable[float]) -> float:
    return quantiles(values, n=10, method="inclusive")[-1]


def _days_between(challenger: TrainedVersion, champion: TrainedVersion) -> int:
    return max(abs((challenger.trained_on.last - champion.trained_on.last).days), 1)
