"""What predictions are worth in money, so that the return of a model can be compared with its cost."""

from __future__ import annotations

from pydantic import Field, model_validator

from contender.specs.frozen import Frozen
from contender.specs.kinds import KindName


class Value(Frozen):
    """The worth of a row's prediction, in the currency of the settings; negative figures are costs.

    Either of the four outcomes of a decision to act, or of a lower loss. A model whose own loss is money, defined by
    its cost.py (`loss="cost"`), sets `per_loss=1`.
    """

    true_positive: float = Field(default=0.0, description="worth of acting on a row whose label is 1")
    false_positive: float = Field(default=0.0, description="worth of acting on a row whose label is 0")
    true_negative: float = Field(default=0.0, description="worth of not acting on a row whose label is 0")
    false_negative: float = Field(default=0.0, description="worth of not acting on a row whose label is 1")
    act_from: float = Field(default=0.5, gt=0, lt=1, description="predicted probability from which one acts")
    per_loss: float | None = Field(
        default=None,
        gt=0,
        description="worth of a loss that is lower by 1, for one row; instead of the four above",
    )

    @property
    def is_of_decisions(self) -> bool:
        """Whether the four outcomes of a decision have a worth."""
        return any((self.true_positive, self.false_positive, self.true_negative, self.false_negative))

    @model_validator(mode="after")
    def _one_kind(self) -> Value:
        if self.is_of_decisions == (self.per_loss is not None):
            raise ValueError(
                "value: give either `per_loss`, or the worth of at least one of true_positive, false_positive, "
                "true_negative and false_negative"
            )
        return self


def check_value(value: Value | None, kind: KindName) -> None:
    """Raise ValueError if decisions are valued, but predictions are no probabilities of a label 0 or 1."""
    if value is not None and value.is_of_decisions and kind != "probability":
        raise ValueError(
            f"value: only a probability decides whether to act, and this model predicts a {kind}: give `per_loss`"
        )
