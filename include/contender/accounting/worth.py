"""What predictions are worth: by the decisions they lead to, or by their loss."""

from __future__ import annotations

import numpy as np

from contender.measures import Loss, Outcomes, Predictions
from contender.specs import Value


def worth(value: Value, loss: Loss, outcomes: Outcomes, predictions: Predictions) -> float:
    """Return the worth of all rows together, in the currency of the settings.

    `outcomes` has a row's label, 0 or 1 if decisions are valued. With `per_loss`, it is minus the loss in money, so
    only differences between predictions of the same rows mean anything.
    """
    if value.per_loss is not None:
        return -value.per_loss * float(np.sum(loss(outcomes, predictions)))
    acts, happened = predictions >= value.act_from, outcomes > 0
    of_each = (
        (value.true_positive, acts & happened),
        (value.false_positive, acts & ~happened),
        (value.true_negative, ~acts & ~happened),
        (value.false_negative, ~acts & happened),
    )
    return float(sum(of_row * np.count_nonzero(rows) for of_row, rows in of_each))
