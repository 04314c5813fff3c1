"""What anyone who knows shoppers expects of every version, whatever its figures say."""

from __future__ import annotations

from typing import Any

from contender.specs import Direction, Invariance, Minimum

Rows = Any  # a pandas.DataFrame of judged households


def _shopping_once_more_a_week(households: Rows) -> Rows:
    more = {"shopped_7": 1, "shopped_14": 2, "shopped_28": 4, "shopped_56": 8, "baskets_28": 4}
    return households.assign(**{name: households[name] + count for name, count in more.items()})


def _away_for_three_weeks(households: Rows) -> Rows:
    gone = {"days_since": 21, "shopped_7": 0, "shopped_14": 0, "spend_7": 0.0}
    few = {name: households[name].clip(upper=3) for name in ("shopped_28", "baskets_28")}
    return households.assign(**gone, **few)


def _a_cent_more(households: Rows) -> Rows:
    return households.assign(spend_7=households["spend_7"] + 0.01, spend_28=households["spend_28"] + 0.01)


BEHAVIOUR = (
    Direction(
        name="who shops once more a week returns more likely",
        change=_shopping_once_more_a_week,
        expect="up",
        by=0.01,
    ),
    Direction(
        name="who has been away for three weeks returns less likely",
        change=_away_for_three_weeks,
        expect="down",
        by=0.005,
    ),
    Invariance(name="a cent more in the till changes nothing", change=_a_cent_more, within=0.005),
    Minimum(
        name="who shops every other day is all but sure to return",
        where=lambda households: households["shopped_28"] >= 14,
        low=0.85,
    ),
    Minimum(
        name="who came once, three weeks ago, is not expected back",
        where=lambda households: (households["shopped_28"] == 1) & (households["days_since"] >= 21),
        high=0.5,
    ),
)
