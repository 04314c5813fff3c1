"""Records of the comparison of versions day by day: paired days, and the evidence computed from them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field

from contender.records.measurements import Interval
from contender.specs.frozen import Frozen

Question = Literal["race", "still", "recovery"]


class PairedDay(Frozen):
    """The mean losses of two versions on the same rows of one day. Both were fitted before that day.

    `race` compares another recipe's newest version with the newest version of the champion's recipe. `still` compares
    the version that served some weeks ago with the newest refresh. `recovery` compares the strategies for a break.
    """

    id: str
    model: str
    question: Question
    day: date
    incumbent: str = Field(description="fingerprint of the champion's recipe")
    rival: str = Field(
        description="fingerprint of the other recipe, or the name of another stream of shadow predictions"
    )
    incumbent_version: int
    rival_version: int | None = Field(
        description="None if the rival had no score for the day: its loss is then the baseline's"
    )
    incumbent_loss: float
    rival_loss: float
    rows: int
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def difference(self) -> float:
        """The incumbent's loss minus the rival's: positive if the rival was better."""
        return self.incumbent_loss - self.rival_loss


class Evidence(Frozen):
    """The state of a rival's sequential test over the paired days since `since`. It passes at the threshold `bar`.

    For a strategy in a break, `value` is its mean loss on the newest days with outcomes, and `bar` that of the
    refreshes on the same days. `days` counts all paired days of the break.
    """

    question: Question
    incumbent: str | None = Field(
        default=None, description="the other side of the comparison, as in a paired day"
    )
    rival: str
    value: float
    bar: float
    days: int = Field(description="paired days")
    since: date
    enough: bool = Field(description="whether the threshold is reached and no outcome is pending")
    cuts: tuple[float, ...] = Field(
        default=(),
        description="limits to which the newest day's difference was clipped, in units of the loss, one for each bet "
        "from the smallest to the largest; empty when the day was not bet on",
    )
    until: date | None = Field(default=None, description="the newest paired day")
    pairs: str | None = Field(default=None, description="fingerprint of the paired days and their losses")
    rule: int = Field(default=1, description="1: bets on single days; 2: bets on sums of days")
    place: int | None = Field(
        default=None,
        description="which entry of rivals this is since the champion's recipe last changed; sets the threshold",
    )
    daily: tuple[tuple[float, float], ...] = Field(
        default=(),
        description="for a strategy: the losses of the refresh and of the strategy on each compared day, oldest first",
    )
    lag: int = Field(
        default=1, description="for a strategy: nights from the scoring of a day until its outcome is known"
    )
    mean: float | None = Field(default=None, description="mean of the differences, not clipped")
    mean_interval: Interval | None = Field(default=None, description="95 % interval of `mean`, over bets")
    false_share: float | None = Field(
        default=None,
        description="share of years in which the test passes on resamples of its own differences, shifted to mean 0; "
        "computed when it passes",
    )
