"""Which training days without rows count as missing, depending on the closed days of a model's inputs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contender.specs import Catalog, Column, DatasetSpec, Days, Delivery, Input, ModelSpec, Recipe
from contender.training.fit import count_missing

# Four weeks from a Monday, with rows on no Sunday.
DAYS = Days(first=date(2026, 3, 2), last=date(2026, 3, 29))
HELD = {day for day in DAYS.each() if day.weekday() != 6}
AFTER_MONDAY = ("Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def dataset(name: str, closed_weekdays: tuple[str, ...]) -> DatasetSpec:
    return DatasetSpec(
        name=name,
        description="Made up.",
        owner="shop@company.example",
        delivery=Delivery(path=f"{name}/{{day}}.csv", cron="0 6 * * *", closed_weekdays=closed_weekdays),
        columns=(Column(name="day", type="date", description="the day"),),
        primary_key=("day",),
    )


def missing(*closed: tuple[str, ...]) -> int:
    """Return the number of missing days for a model with one input per tuple of closed weekdays."""
    datasets = {f"source_{n}": dataset(f"source_{n}", days) for n, days in enumerate(closed)}
    column = Column(name="x", type="number", description="x")
    model = ModelSpec(
        name="made_up",
        description="Made up.",
        owner="shop@company.example",
        label="it was so",
        inputs=tuple(Input(dataset=name) for name in datasets),
        keys=(column.model_copy(update={"name": "key"}),),
        features=(column,),
        recipes=(Recipe(name="trees", window_days=28),),
        baseline_features=("x",),
    )
    catalog = Catalog(home=Path(), datasets=datasets, models={model.name: model})
    return count_missing(catalog, model, DAYS, HELD)


@pytest.mark.parametrize(
    ("closed", "days"),
    [
        ([()], 4),
        ([("Sunday",)], 0),
        ([(), ("Sunday",)], 0),
        ([(), AFTER_MONDAY], 4),
        ([("Sunday",), AFTER_MONDAY], 0),
        ([AFTER_MONDAY], 0),
    ],
    ids=["open", "closed", "one input closed", "weekly", "closed and weekly", "weekly only"],
)
def test_a_day_without_rows_is_missing_unless_a_closed_input_explains_it(closed, days):
    assert missing(*closed) == days
