"""Behaviour tests of a model: expectations of its predictions that every new version must pass.

The three kinds are those of Ribeiro, Wu, Guestrin and Singh, "Beyond Accuracy: Behavioral Testing of NLP Models with
CheckList" (ACL 2020): invariance tests, directional tests and minimum functionality tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from contender.specs.catalog import Catalog
from contender.specs.columns import Text
from contender.specs.frozen import Frozen
from contender.specs.model import ModelSpec
from contender.specs.modules import load_module

FILE = "behaviour.py"

Rows = Any  # a pandas.DataFrame of evaluated rows: keys, features and day
Change = Callable[[Rows], Rows]
Where = Callable[[Rows], Any]


class BehaviourError(ValueError):
    """A model's behaviour tests cannot be run; the message names file, test and fix."""


class _Test(Frozen):
    name: Text = Field(description="the expected behaviour, as a sentence")
    where: Where | None = Field(
        default=None, description="returns a mask of the evaluated rows to test; all rows if None"
    )
    score: str | None = Field(
        default=None,
        description="the score column to test, of a model with several; without it, an invariance tests all",
    )


class Invariance(_Test):
    """A perturbation that must leave predictions almost unchanged."""

    change: Change
    within: float = Field(
        default=0.01, ge=0, description="maximum mean |difference|; in standard deviations for quantities"
    )


class Direction(_Test):
    """A perturbation that must raise or lower the mean prediction."""

    change: Change
    expect: Literal["up", "down"]
    by: float = Field(default=0.0, ge=0, description="minimum change; in standard deviations for quantities")


class Minimum(_Test):
    """Clear cases, selected by `where` or made by `change`, whose mean prediction must lie within bounds."""

    change: Change | None = None
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Minimum:
        if self.low is None and self.high is None:
            raise ValueError("no bound: give `low` or `high`")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"`low` ({self.low}) is above `high` ({self.high}): swap the two")
        return self


BehaviourTest = Invariance | Direction | Minimum


def load_behaviour(home: Path) -> tuple[BehaviourTest, ...]:
    """Return BEHAVIOUR of the model's behaviour.py, or no tests without that file. Raises BehaviourError."""
    file = home / FILE
    if not file.is_file():
        return ()
    where = f"models/{home.name}/{FILE}"
    try:
        tests = getattr(load_module(file), "BEHAVIOUR", None)
    except ValidationError as error:
        detail = error.errors()[0]
        field = ".".join(str(part) for part in (error.title, *detail["loc"]))
        raise BehaviourError(
            f"{where}: {field}: {detail['msg'].removeprefix('Value error, ')}: correct the test"
        ) from None
    except Exception as error:
        raise BehaviourError(f"{where}: {type(error).__name__}: {error}: correct the file") from error
    if not isinstance(tests, tuple) or not all(isinstance(test, BehaviourTest) for test in tests):
        raise BehaviourError(
            f"{where}: BEHAVIOUR: is not a tuple of Invariance, Direction and Minimum: "
            "end the file with `BEHAVIOUR = (Direction(...),)`"
        )
    names = [test.name for test in tests]
    for name in names:
        if names.count(name) > 1:
            raise BehaviourError(f"{where}: BEHAVIOUR: {name!r} is used twice: give each test its own name")
    return tests


def find_score(model: ModelSpec, test: BehaviourTest) -> int | None:
    """Return the place of the score column that a test is about; None for all, or for the only one.

    Raises BehaviourError if the column is unknown, or if a test of a model with several must name one and does not.
    """
    names = model.score_names
    if test.score in names and len(names) > 1:
        return names.index(test.score)
    if test.score in (None, *names) and (len(names) == 1 or isinstance(test, Invariance)):
        return None
    wrong = f"unknown score {test.score!r}" if test.score else "the model has several scores"
    raise BehaviourError(
        f"models/{model.name}/{FILE}: {test.name!r}: score: {wrong}: name one of {', '.join(names)}"
    )


def check_behaviours(catalog: Catalog) -> list[str]:
    """Return the mistakes in the behaviour tests of all models, one line each."""
    mistakes = []
    for name, model in catalog.models.items():
        try:
            for test in load_behaviour(catalog.model_home(name)):
                find_score(model, test)
        except BehaviourError as error:
            mistakes.append(str(error))
    return mistakes
