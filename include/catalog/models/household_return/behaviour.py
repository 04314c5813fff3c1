"""Behaviour tests that every version must pass."""

from __future__ import annotations

from typing import Any

from contender.specs import Direction, Invariance, Minimum

Rows = Any  # a pandas.DataFrame of evaluated households


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
        name="a household that shops once more a week is more likely to return",
        change=_shopping_once_more_a_week,
        expect="up",
        by=0.01,
    ),
    Direction(
        name="a household away for three weeks is less likely to return",
        change=_away_for_three_weeks,
        expect="down",
        by=0.005,
    ),
    Invariance(name="one more cent of spend changes nothing", change=_a_cent_more, within=0.005),
    Minimum(
        name="a household that shops every other day almost certainly returns",
        where=lambda households: households["shopped_28"] >= 14,
        low=0.85,
    ),
    Minimum(
        name="a household that came once, three weeks ago, is not expected back",
        where=lambda households: (households["shopped_28"] == 1) & (households["days_since"] >= 21),
        high=0.5,
    ),
)
