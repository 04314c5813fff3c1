"""How old keys are: days since the first row of the key in the history."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.specs import ModelSpec

# The name of a group, and its first age in days.
NEW = "on the same day"
GROUPS = ((NEW, 0), ("1 to 6 days before", 1), ("7 to 27 days before", 7), ("28 days or more before", 28))
AGE = "age of the key"  # no column has such a name


def add_ages(model: ModelSpec, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column of the days since their key was first seen in them."""
    numbers = rows["day"].map(lambda day: day.toordinal()).astype(np.int64)
    keys = [rows[column.name] for column in model.keys]
    first = numbers.groupby(keys, sort=False, dropna=False).transform("min")
    return rows.assign(**{AGE: numbers - first})


def group_by_age(ages: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the groups that have rows, with the rows in each."""
    groups = np.searchsorted([first for _, first in GROUPS], ages, side="right") - 1
    for nth, (name, _) in enumerate(GROUPS):
        if (groups == nth).any():
            yield name, groups == nth
