"""The result of a drill: each night's verdict and decision, the mails, and the served loss of each strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from pydantic import Field

from contender.alerting import compose_held_alert, compose_verdict_alert
from contender.backtesting import ServedDay
from contender.records import Decision, DriftVerdict, Monitored, count_held_nights
from contender.specs import Days, LossName, ModelSpec
from contender.specs.frozen import Frozen

STRATEGIES: Mapping[str, str] = {
    "ours": "the nights as the DAGs run them, with guards and sequential tests",
    "oracle": "the best of a few training windows, chosen in hindsight, refreshed nightly without guards",
    "static": "the version before the drill, never replaced",
    "blind nightly": "every refresh of the first recipe serves",
}


class DrilledNight(Frozen):
    """A night: the verdict of monitoring, and what became of the refresh."""

    night: date
    verdict: DriftVerdict
    why: str
    refresh: str = Field(description="`refreshed`, `promoted` (another recipe), `held`, or `none`")
    blocked_by: tuple[str, ...] = ()


class Mail(Frozen):
    """A mail that would have been sent in a night."""

    night: date
    kind: str
    subject: str


class DrillResult(Frozen):
    """The result of a drill."""

    model: str
    drill: str
    summary: str
    start: date
    strength: float
    column: str
    seed: int
    nights: Days
    loss: LossName
    right: DriftVerdict
    monitored: tuple[DrilledNight, ...]
    mails: tuple[Mail, ...]
    served: Mapping[str, tuple[ServedDay, ...]] = Field(description="from the start on, by strategy")
    oracle_window: int = Field(description="days of the training window of the oracle")

    @property
    def days_to_verdict(self) -> int | None:
        """The number of nights up to the first one with the right verdict; None if it never came."""
        places = (nth for nth, one in enumerate(self.monitored, 1) if one.verdict == self.right)
        return next(places, None)

    @property
    def first_verdict(self) -> DriftVerdict:
        """The first verdict that is not `stable`, or `stable`."""
        return next((one.verdict for one in self.monitored if one.verdict != "stable"), "stable")

    @property
    def found(self) -> bool:
        """Whether the right verdict came; if `stable` is right, whether no verdict was mailed."""
        if self.right == "stable":
            return not any(mail.kind == "verdict" for mail in self.mails)
        return self.days_to_verdict is not None

    @property
    def held(self) -> int:
        """The number of nights whose refresh was held."""
        return sum(one.refresh == "held" for one in self.monitored)

    def mean_loss(self, strategy: str) -> float | None:
        """Return the mean loss over all rows that a strategy served; None without any."""
        days = self.served[strategy]
        rows = sum(day.rows for day in days)
        return sum(day.loss * day.rows for day in days) / rows if rows else None


def join_night(night: date, monitored: Monitored, decisions: Sequence[Decision]) -> DrilledNight:
    """Return what happened in a night, from its verdict and its decisions."""
    promoted = next((one.kind for one in decisions if one.promoted), None)
    held = [one for one in decisions if one.kind == "held"]
    blocked = (reason.guard for one in held for reason in one.reasons if not reason.passed)
    return DrilledNight(
        night=night,
        verdict=monitored.verdict,
        why=monitored.why,
        refresh=promoted or ("held" if held else "none"),
        blocked_by=() if promoted else tuple(dict.fromkeys(blocked)),
    )


def list_mails(
    model: ModelSpec,
    monitored: Mapping[date, Monitored],
    decisions: Sequence[Decision],
    failed: Sequence[str],
) -> Iterator[Mail]:
    """Yield the mails of all nights, as the DAGs would send them: verdicts, held refreshes, and failed tasks."""
    before: DriftVerdict = "stable"
    for night, its in sorted(monitored.items()):
        alert = compose_verdict_alert(its, to=(model.owner,), report_url="")
        begins, before = its.verdict != before, its.verdict
        if alert is not None and begins:
            yield Mail(night=night, kind=alert.kind, subject=alert.subject)
    for nth, decision in enumerate(decisions):
        refresh = decision.kind == "held" and decision.challenger_recipe == decision.champion_recipe
        held = count_held_nights(reversed(decisions[: nth + 1])) if refresh else 0
        alert = compose_held_alert(decision, held, to=model.owner) if refresh else None
        if alert is not None:
            yield Mail(night=decision.night, kind=alert.kind, subject=alert.subject)
    for line in failed:
        key, _, what = line.partition(": ")
        yield Mail(night=date.fromisoformat(key), kind="task", subject=f"retraining failed: {what}")
