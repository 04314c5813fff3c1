"""What a judgement knows beside tonight's rows: past refreshes, gates, and what people did to the data since."""

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
    """The evaluation, with what is usual after the model's evaluations so far."""
    challenger, champion = evaluation.challenger, evaluation.champion
    refreshes = [] if champion is None else choose_refreshes(past, challenger, champion)
    return evaluation.model_copy(update={"usual": usual_change(refreshes, challenger, champion)})


def choose_refreshes(
    past: Sequence[Evaluation], challenger: TrainedVersion, champion: TrainedVersion
) -> list[Evaluation]:
    """Return what `Evaluations.refreshes_before` finds in the book, of evaluations that are not in it."""
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
    """Read what is usual off the book."""
    if champion is None:
        return None
    refreshes = book.evaluations.refreshes_before(challenger, champion, NIGHTS_REMEMBERED)
    return usual_change(refreshes, challenger, champion)


def usual_change(
    refreshes: Sequence[Evaluation], challenger: TrainedVersion, champion: TrainedVersion | None
) -> UsualChange | None:
    """How far a refresh usually moves what is foretold; None before there were seven comparable ones.

    What nine of ten kept to, of `refreshes`: the newest 28 nights before tonight's whose refresh came to serve and was
    judged against one of its own recipe; what was held cannot widen the bound for the next night. What lies further
    apart differs more; each is brought to tonight's distance by the square root of the days between two fits, as of a
    sum of independent changes.
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
    """What the book knows of the gates of the days that a version was fitted on."""
    tables = (model.feature_contract.table, model.label_contract.table)
    let_through = [book.gates.passed_days(table) for table in tables]
    released = [c for c in book.caveats.of_version(model.name, challenger.version) if c.kind == "released"]
    return GatedDays(
        days=len(held),
        ungated=tuple(
            day for day in held if not all(any(day in days for days in passed) for passed in let_through)
        ),
        released=len(released),
    )


def excused_days(catalog: Catalog, model: ModelSpec, acts: Sequence[Act], since: datetime) -> frozenset[date]:
    """Return the days whose training rows may differ because a person replaced, released or erased data since a fit.

    An erasure excuses the days of features and labels that lost rows; what it took out of a source changes features
    only when a backfill builds them again, which is an act of its own.
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
    """Return the days of some tables that an erasure took rows out of, from its record."""
    erasure = act.detail["erasure"]
    assert isinstance(erasure, dict)
    rows = (holding["rows"] for holding in erasure["holdings"] if holding["table"] in tables)
    return {parse_day(day) for by_day in rows for day in by_day}


def _nine_of_ten(values: Iterable[float]) -> float:
    return quantiles(values, n=10, method="inclusive")[-1]


def _days_between(challenger: TrainedVersion, champion: TrainedVersion) -> int:
    return max(abs((challenger.trained_on.last - champion.trained_on.last).days), 1)
