"""What a model must do whatever its figures say: tests that stand in its folder and are put to every new version.

The three kinds are those of Ribeiro, Wu, Guestrin and Singh, "Beyond Accuracy: Behavioral Testing of NLP Models with
CheckList" (ACL 2020): a change that must not matter, a change whose direction is known, and a plain case.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from contender.specs.catalog import Catalog
from contender.specs.columns import Text
from contender.specs.frozen import Frozen
from contender.specs.modules import load_module

FILE = "behaviour.py"

Rows = Any  # a pandas.DataFrame of judged rows: keys, features and day
Change = Callable[[Rows], Rows]
Where = Callable[[Rows], Any]


class BehaviourError(ValueError):
    """The tests of a model's folder cannot be put to a version; the message names file, test and fix."""


class _Test(Frozen):
    name: Text = Field(description="what is expected, in words")
    where: Where | None = Field(
        default=None, description="which of the judged rows, as a mask; all when None"
    )


class Invariance(_Test):
    """A change of the rows that must hardly change what is foretold of them."""

    change: Change
    within: float = Field(
        default=0.01, ge=0, description="mean |difference|; of quantities, in standard deviations"
    )


class Direction(_Test):
    """A change of the rows that must move what is foretold of them up, or down, on average."""

    change: Change
    expect: Literal["up", "down"]
    by: float = Field(default=0.0, ge=0, description="at least; of quantities, in standard deviations")


class Minimum(_Test):
    """Plain rows, found by `where` or made by `change`, of which the mean prediction must lie in these bounds."""

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
    """The tests of a model's folder: BEHAVIOUR in its behaviour.py; none without that file. Raises BehaviourError."""
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
            f"{where}: {field}: {detail['msg'].removeprefix('Value error, ')}: mend the test"
        ) from None
    except Exception as error:
        raise BehaviourError(f"{where}: {type(error).__name__}: {error}: mend the file") from error
    if not isinstance(tests, tuple) or not all(isinstance(test, BehaviourTest) for test in tests):
        raise BehaviourError(
            f"{where}: BEHAVIOUR: is no tuple of Invariance, Direction and Minimum: "
            "end the file with `BEHAVIOUR = (Direction(...),)`"
        )
    names = [test.name for test in tests]
    for name in names:
        if names.count(name) > 1:
            raise BehaviourError(
                f"{where}: BEHAVIOUR: {name!r} stands there twice: give each a name of its own"
            )
    return tests


def check_behaviours(catalog: Catalog) -> list[str]:
    """What is wrong with the behaviour tests of the catalog's models, a line each."""
    mistakes = []
    for name in catalog.models:
        try:
            load_behaviour(catalog.model_home(name))
        except BehaviourError as error:
            mistakes.append(str(error))
    return mistakes
