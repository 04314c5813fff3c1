"""What has changed in a model's folder since its newest versions were evaluated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from contender.records import TrainedVersion
from contender.specs import ModelSpec, Recipe
from contender.specs.frozen import Frozen

FEATURES = "features.py"
# A change of these fields changes the rows of features or labels.
BUILT_FROM = ("inputs", "keys", "features", "label", "weights", "horizon_days", "label_maturity_days")


class PastRecipe(Frozen):
    """The newest evaluated version of a recipe, and the model's contract at that time as JSON, if it is stored."""

    version: TrainedVersion
    contract: str | None


class RecipeChange(Frozen):
    """A recipe, compared with the newest version of the same name; one line for each difference."""

    state: Literal["unchanged", "new", "edited"]
    differences: tuple[str, ...] = ()


def compare_recipe(
    model: ModelSpec, recipe: Recipe, fingerprint: str, sources: Mapping[str, str], past: PastRecipe | None
) -> RecipeChange:
    """Compare a recipe with its newest version. `sources` has the digest of each of the model's files today."""
    if past is None:
        return RecipeChange(state="new")
    if past.version.recipe_fingerprint == fingerprint:
        return RecipeChange(state="unchanged")
    read = (FEATURES, f"{recipe.estimator}.py")
    found = [*_compare_fields(recipe, past.contract), *find_edited(sources, past.version, read)]
    used = model.seen_by(recipe)
    if set(used) != set(past.version.features):
        found.append(_describe_columns(used, past.version.features))
    return RecipeChange(state="edited", differences=tuple(found) or ("its fingerprint differs",))


def find_edited(sources: Mapping[str, str], version: TrainedVersion, names: Iterable[str]) -> list[str]:
    """Return the files of these that differ from those that a version was fitted with; none if it has no digests."""
    return [name for name in names if version.sources and sources.get(name) != version.sources.get(name)]


def find_withdrawn(model: ModelSpec, past: Sequence[PastRecipe]) -> tuple[str, ...]:
    """Return the recipes of the newest evaluated night that are no longer declared."""
    newest: date | None = max((one.version.night for one in past), default=None)
    declared = {recipe.name for recipe in model.all_recipes}
    last = [one.version.recipe for one in past if one.version.night == newest]
    return tuple(sorted(set(last) - declared))


def compare_contract(model: ModelSpec, past: PastRecipe | None) -> tuple[str, ...]:
    """Return the fields of the contract, apart from the recipes, that differ from those of a version."""
    before = _parse(past.contract if past else None)
    now = json.loads(model.model_dump_json())
    return tuple(
        name for name, value in before.items() if name != "recipes" and name in now and now[name] != value
    )


def find_newest(past: Sequence[PastRecipe]) -> PastRecipe | None:
    """Return the newest version among the newest versions of all recipes."""
    return max(past, key=lambda one: one.version.version, default=None)


def _compare_fields(recipe: Recipe, contract: str | None) -> list[str]:
    before = next((old for old in _list_recipes(_parse(contract)) if old.get("name") == recipe.name), None)
    if before is None:
        return []
    old, new = _flatten(before), _flatten(json.loads(recipe.model_dump_json()))
    names = [name for name in (*old, *(name for name in new if name not in old)) if name != "features"]
    return [
        f"{name}: {_show(old.get(name))} -> {_show(new.get(name))}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _list_recipes(contract: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*contract.get("recipes", ()), *((contract.get("recovery") or {}).get("recipes") or ())]


def _flatten(recipe: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in recipe.items() if name != "parameters"}
    return own | {f"parameters.{name}": value for name, value in (recipe.get("parameters") or {}).items()}


def _describe_columns(now: Sequence[str], before: Sequence[str]) -> str:
    added = [f"+{name}" for name in now if name not in before]
    return f"features: {', '.join((*added, *(f'-{name}' for name in before if name not in now)))}"


def _parse(contract: str | None) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(contract) if contract else {}
    return parsed


def _show(value: object) -> str:
    return "not set" if value is None else str(value)
