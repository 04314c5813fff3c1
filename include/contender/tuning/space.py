"""What is searched: the range or the choices of each parameter of a recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from contender.errors import PermanentError
from contender.specs import Recipe
from contender.specs.frozen import Frozen

Value = int | float | str | bool
FIELDS = ("window_days", "half_life_days")  # fields of a recipe that are searched beside its parameters
FACTOR = 4  # a parameter without a range is searched from a fourth of its value to four times
LOGARITHMIC_FROM = 10  # ratio of the ends of a range from which orders of magnitude count, not distances
DIGITS = 4  # of a number, so that the proposed recipe is the one that was measured


class SpaceError(PermanentError):
    """An unclear or impossible space; the message says how to write it."""


class Range(Frozen):
    """A range of numbers, its ends included."""

    low: float
    high: float
    whole: bool

    @property
    def logarithmic(self) -> bool:
        """Whether it is searched by orders of magnitude."""
        return self.low > 0 and self.high / self.low >= LOGARITHMIC_FROM

    def clean(self, value: float) -> int | float:
        """Return a number of the range as it is written in a spec."""
        if self.whole:
            return round(value)
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


class Choice(Frozen):
    """Values without an order."""

    values: tuple[Value, ...]


Space = Mapping[str, Range | Choice]


def default_space(recipe: Recipe) -> dict[str, Range | Choice]:
    """Return the space around the numbers and switches of a recipe's parameters. Raises SpaceError if it has none."""
    space = {
        name: found for name, value in recipe.parameters.items() if (found := _around(value)) is not None
    }
    if not space:
        raise SpaceError(
            f"recipe {recipe.name!r} has no positive number or switch among its `parameters`: say what to search with "
            "--vary NAME=LOW..HIGH, or NAME=one,other"
        )
    return space


def _around(value: Value) -> Range | Choice | None:
    if isinstance(value, bool):
        return Choice(values=(False, True))
    if isinstance(value, str) or value <= 0:
        return None
    if isinstance(value, int):
        return Range(low=max(1, value // FACTOR), high=value * FACTOR, whole=True)
    most = 1.0 if value <= 1 else math.inf  # such numbers are often shares
    return Range(low=value / FACTOR, high=min(value * FACTOR, most), whole=False)


def read_space(recipe: Recipe, given: Sequence[str]) -> dict[str, Range | Choice]:
    """Return the space of texts such as `max_iter=50..400` and `loss=log_loss,exponential`. Raises SpaceError."""
    space = {}
    for text in given:
        name, found, wanted = (part.strip() for part in text.partition("="))
        if not (name and found and wanted):
            raise SpaceError(f"{text!r}: give NAME=LOW..HIGH, or NAME=one,other")
        known = [*recipe.parameters, *FIELDS]
        if name not in known:
            raise SpaceError(
                f"{text!r}: recipe {recipe.name!r} has no parameter {name!r}: give one of {', '.join(known)}, "
                "or add it to `parameters` first"
            )
        space[name] = _read_range(text, name, wanted) if ".." in wanted else _read_choice(text, name, wanted)
    return space


def _read_range(text: str, name: str, wanted: str) -> Range:
    ends = wanted.split("..")
    try:
        low, high = map(float, ends)
    except ValueError:
        raise SpaceError(f"{text!r}: give two numbers, as in {name}=10..200") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise SpaceError(f"{text!r}: the first number must be lower than the second")
    if name in FIELDS and low <= 0:
        raise SpaceError(f"{text!r}: {name} must be positive")
    whole = name == "window_days" or all(end.strip().lstrip("+-").isdigit() for end in ends)
    return Range(low=low, high=high, whole=whole)


def _read_choice(text: str, name: str, wanted: str) -> Choice:
    values = tuple(_read_value(part.strip()) for part in wanted.split(","))
    if len(set(values)) < 2:
        raise SpaceError(f"{text!r}: give at least two values, as in {name}=one,other, or a range")
    if name in FIELDS and not all(isinstance(value, int | float) and value > 0 for value in values):
        raise SpaceError(f"{text!r}: {name} must be positive numbers")
    return Choice(values=values)


def _read_value(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def change(recipe: Recipe, changes: Mapping[str, Value]) -> Recipe:
    """Return the recipe with other parameters. Raises ValueError if the spec does not allow one."""
    fields = {name: value for name, value in changes.items() if name in FIELDS}
    parameters = {**recipe.parameters, **{name: changes[name] for name in changes if name not in FIELDS}}
    return Recipe.model_validate({**recipe.model_dump(), **fields, "parameters": parameters})


def current(recipe: Recipe, space: Space) -> dict[str, Value | None]:
    """Return the recipe's own values of what is searched."""
    return {name: getattr(recipe, name) if name in FIELDS else recipe.parameters[name] for name in space}
