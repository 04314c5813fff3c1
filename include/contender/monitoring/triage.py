"""The verdict of monitoring and the recommended action, as pure functions of records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import takewhile

from contender.measures.evidence import (
    DAYS_REMEMBERED,
    FEWEST_DAYS,
    OF_DISTANCES,
    OF_INVERTED,
    OF_LOSSES,
    THRESHOLD,
    Sensitivity,
    accumulate_rise,
)
from contender.monitoring.changes import Changes, is_widespread
from contender.monitoring.performance import Performance
from contender.records import (
    Book,
    ChangeKind,
    ColumnChange,
    DriftVerdict,
    Monitored,
    ScoreSkew,
    identify,
)
from contender.specs import ModelSpec, Monitoring
from contender.specs.frozen import Frozen

ACTIONS: dict[DriftVerdict, str] = {
    "stable": "none",
    "broken_feed": "ask the owners of the inputs about these columns; predictions from them are unreliable",
    "covariate_drift": "watch; refreshes adapt to the new inputs",
    "concept_drift": "check the labels, then the recipe; consider a shorter window",
    "regime_break": "read the report today; consider a shorter window and the baseline",
}
# A day whose outcomes are known, stored or new.
Judged = Monitored | Performance

# A change of the world does not cause these.
_OF_FEEDS: tuple[ChangeKind, ...] = ("missing", "constant", "range")
_DESCRIBED: dict[ChangeKind, str] = {
    "missing": "the share of missing values changed by {observed:.0%}, at most {limit:.2f} is usual",
    "constant": "all values are the same, unlike on any recent day",
    "values": "the distribution moved by {observed:.2f}, at most {limit:.2f} is usual",
    "range": "the median lies {observed:.1f} widths outside the range, at most {limit:.2f} is usual",
}


class Signals(Frozen):
    """What a verdict is based on. Evidence is None with too few days, and enough from THRESHOLD on.

    `joint` is that of contradicted higher predictions since many columns differ.
    """

    changes: Changes
    drift: float | None
    rise: float | None
    joint: float | None = None


class Verdict(Frozen):
    """A verdict and its reason."""

    name: DriftVerdict
    why: str


def triage(signals: Signals, watch: Monitoring) -> Verdict:
    """Return the verdict on a day.

    | columns or predictions that changed today | inputs drift | predictions worse | verdict |
    | --- | --- | --- | --- |
    | missing values, one value, range, skew; or few columns | any | any | broken_feed |
    | distributions of many columns, or none | yes, or many columns | yes | regime_break |
    | distributions of many columns, or none | yes, or many columns | no | covariate_drift |
    | none | no | yes | concept_drift |
    | none | no | no | stable |

    Predictions are worse if the evidence of a rise is enough, or, if the inputs drift, that of the higher predictions
    since many columns differ. Missing figures count as unchanged.
    """
    changes = signals.changes
    many = is_widespread(changes.unusual, changes.compared, watch)
    faults = [change for change in changes.changed if not many or change.kind in _OF_FEEDS]
    skew = changes.skew if changes.skew is not None and changes.skew.differing else None
    if faults or skew:
        return Verdict(name="broken_feed", why=_describe_faults(faults, skew))
    drifts, rises = many or _enough(signals.drift), _enough(signals.rise)
    inputs = (
        f"{len(changes.unusual)} of {changes.compared} columns differ from all recent days: "
        f"{', '.join(f'`{name}`' for name in changes.unusual)}"
        if many
        else f"the inputs drift away from recent days{_figure(signals.drift)}"
    )
    losses = f"the loss has risen, or outcomes contradict the predictions{_figure(signals.rise)}"
    if drifts and rises:
        return Verdict(name="regime_break", why=f"{inputs}; {losses}")
    if drifts and _enough(signals.joint):
        contradicted = f"outcomes contradict the higher predictions since then{_figure(signals.joint)}"
        return Verdict(name="regime_break", why=f"{inputs}; {contradicted}")
    if drifts:
        return Verdict(name="covariate_drift", why=f"{inputs}; the loss has not risen{_figure(signals.rise)}")
    if rises:
        return Verdict(
            name="concept_drift", why=f"{losses}; the inputs have not drifted{_figure(signals.drift)}"
        )
    return Verdict(name="stable", why=_describe_stable(signals))


def weigh_signals(
    performance: Performance, changes: Changes, past: Sequence[Monitored], watch: Monitoring
) -> Signals:
    """Return the signals of a day, with the evidence of it and the days in `past`, oldest first.

    The evidence against the predictions is that of a risen excess loss, or of a risen share of outcomes that look
    inverted, whichever is larger: a day on which everything is late raises the loss only.
    """
    days: list[Judged] = [*(one for one in past if one.day < performance.day), performance]
    excess = _evidence([one.excess_loss for one in days], OF_LOSSES)
    inverted = _evidence([one.inverted for one in days], OF_INVERTED)
    before = [one for one in past if one.features_day is not None and one.features_day < changes.day]
    return Signals(
        changes=changes,
        drift=_evidence([*(one.distance for one in before), changes.distance], OF_DISTANCES),
        rise=max((found for found in (excess, inverted) if found is not None), default=None),
        joint=_weigh_joint(days, _differing_days(past, changes, watch)),
    )


def _differing_days(past: Sequence[Monitored], changes: Changes, watch: Monitoring) -> set[date | None]:
    """Return the days on which many features differed unusually."""
    days = {one.features_day for one in past if is_widespread(one.unusual, one.compared, watch)}
    return days | ({changes.day} if is_widespread(changes.unusual, changes.compared, watch) else set())


def _weigh_joint(days: Sequence[Judged], differing: set[date | None]) -> float | None:
    """Return the evidence that outcomes contradict the higher predictions since many columns differ.

    None if they do not differ on the last day. Days before are only compared with.
    """
    known = [(day.day in differing, day.inverted_high) for day in days if day.inverted_high is not None]
    since = len(list(takewhile(lambda day: day[0], reversed(known))))
    if days[-1].inverted_high is None or not since or len(known) - since < FEWEST_DAYS:
        return None
    return accumulate_rise([high for _, high in known], OF_INVERTED, fewest_days=len(known) - since)


def conclude(
    model: ModelSpec,
    performance: Performance,
    changes: Changes,
    past: Sequence[Monitored],
    run: str,
) -> Monitored:
    """Return the record of a monitored day; `past` holds the results of the days before it, oldest first."""
    signals = weigh_signals(performance, changes, past, model.monitoring)
    verdict = triage(signals, model.monitoring)
    return Monitored(
        id=identify("monitored", model.name, performance.day, run),
        model=model.name,
        day=performance.day,
        version=performance.version,
        measures=performance.measures,
        expected_loss=performance.expected_loss,
        estimated_loss=performance.estimated_loss,
        excess_loss=performance.excess_loss,
        inverted=performance.inverted,
        inverted_high=performance.inverted_high,
        rise=signals.rise,
        joint=signals.joint,
        features_day=changes.day,
        compared=changes.compared,
        changes=changes.changed,
        unusual=changes.unusual,
        skew=changes.skew,
        distance=changes.distance,
        drift=signals.drift,
        verdict=verdict.name,
        why=verdict.why,
        action=_action(verdict.name, performance, model),
    )


def keep_conclusion(
    model: ModelSpec, performance: Performance, changes: Changes, run: str, book: Book
) -> Monitored:
    """Give the verdict on a day, and store the record in the book."""
    past = book.monitored.days_before(model.name, performance.day, DAYS_REMEMBERED + FEWEST_DAYS)
    monitored = conclude(model, performance, changes, past, run)
    book.monitored.add(monitored)
    return monitored


def _evidence(days: Sequence[float | None], sensitivity: Sensitivity) -> float | None:
    """Return the evidence of a figure, the last one today's; None if that is missing, or with too few days."""
    figures = [figure for figure in days if figure is not None]
    if days[-1] is None or len(figures) <= FEWEST_DAYS:
        return None
    return accumulate_rise(figures, sensitivity)


def _enough(evidence: float | None) -> bool:
    return evidence is not None and evidence >= THRESHOLD


def _figure(evidence: float | None) -> str:
    return (
        " (too few days to compare)" if evidence is None else f" (evidence {evidence:.1f} of {THRESHOLD:g})"
    )


def _describe_faults(changed: Sequence[ColumnChange], skew: ScoreSkew | None) -> str:
    found = [
        f"`{change.column}`: {_DESCRIBED[change.kind].format(observed=change.observed, limit=change.limit)}"
        for change in changed
    ]
    if skew is not None:
        found.append(
            f"{skew.differing} of {skew.rows} predictions of {skew.day} differ from what version {skew.version} "
            "predicts"
        )
    return "; ".join(found)


def _describe_stable(signals: Signals) -> str:
    compared = signals.changes.compared
    inputs = (
        f"none of {compared} columns changed"
        if compared
        else "there are too few days to compare columns with"
    )
    return f"{inputs}, the inputs do not drift{_figure(signals.drift)}, the loss has not risen{_figure(signals.rise)}"


def _action(verdict: DriftVerdict, performance: Performance, model: ModelSpec) -> str:
    if verdict == "stable" and performance.measures is None:
        return "none; nothing was scored for that day"
    if model.recovery is not None and verdict in model.recovery.acts_on:
        return "read the report today; the strategies of `recovery` compete from the next night on"
    return ACTIONS[verdict]
