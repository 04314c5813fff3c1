"""The plan of a night: a pure function of its facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from contender.evaluating import days_to_pair, judged_days
from contender.featurizing import Engine
from contender.planning.changes import (
    BUILT_FROM,
    FEATURES,
    RecipeChange,
    compare_contract,
    compare_recipe,
    find_edited,
    find_newest,
    find_withdrawn,
)
from contender.planning.costs import Cost, estimate_costs
from contender.planning.deliveries import Awaited, judge_input
from contender.planning.facts import Facts
from contender.planning.nights import explain_other_night, note_unfinished
from contender.planning.rows import count_rows, join_rows
from contender.records import FitVerdict
from contender.specs import Days, ModelSpec, Recipe, dag_id
from contender.specs.frozen import Frozen
from contender.training import training_days

Role = Literal["first", "refresh", "rival", "strategy"]


class PlannedBuild(Frozen):
    """The build of features and labels."""

    engine: Engine
    input_rows: int = Field(description="rows of the inputs that exist by now")
    features_day: date
    features_exist: bool
    labels_day: date
    labels_exist: bool
    edited: tuple[str, ...] = Field(
        default=(), description="what changes rows, and differs from when the newest version was fitted"
    )
    older: Days | None = Field(
        default=None, description="nights whose features were built before that change and are trained on"
    )


class PlannedFit(Frozen):
    """The fit of one recipe."""

    recipe: str
    role: Role
    change: RecipeChange
    previous: int | None = Field(description="newest version of this recipe")
    window: Days
    rows: int | None = Field(description="labelled rows; None if there are none")
    reused: int | None = Field(
        default=None, description="version that is reused: it has the same training data"
    )


class PlannedScoring(Frozen):
    """The predictions of a night, and the days that versions are compared on."""

    day: date
    version: int | None = Field(description="the champion now; None before the first promotion")
    rows: int | None
    streams: int = Field(description="versions that score the day in shadow")
    evaluated: Days
    paired: Days | None = Field(description="days whose outcomes are compared with shadow predictions")


class NightPlan(Frozen):
    """What a night of a model would do. Without a night, `notes` says why."""

    model: str
    night: date | None
    inputs: tuple[Awaited, ...] = ()
    build: PlannedBuild | None = None
    verdict: FitVerdict | None = Field(default=None, description="whether a fit is due, and why")
    fits: tuple[PlannedFit, ...] = ()
    withdrawn: tuple[str, ...] = Field(
        default=(), description="recipes fitted last that are no longer declared"
    )
    contract_changes: tuple[str, ...] = Field(default=(), description="fields of spec.py, apart from recipes")
    scoring: PlannedScoring | None = None
    costs: tuple[Cost, ...] = ()
    notes: tuple[str, ...] = ()


def plan_nothing(model: ModelSpec) -> NightPlan:
    """Return the plan of a model of which nothing is loaded."""
    return NightPlan(model=model.name, night=None, notes=(_advise_load(model),))


def plan_night(model: ModelSpec, facts: Facts) -> NightPlan:
    """Plan a night of a model."""
    build, fits = _plan_build(model, facts), _plan_fits(model, facts)
    return NightPlan(
        model=model.name,
        night=facts.night,
        inputs=tuple(judge_input(seen, facts.now) for seen in facts.inputs),
        build=build,
        verdict=facts.verdict,
        fits=fits,
        withdrawn=find_withdrawn(model, facts.past),
        contract_changes=compare_contract(model, find_newest(facts.past)),
        scoring=_plan_scoring(model, facts),
        costs=tuple(
            cost
            for cost in estimate_costs(facts.times, len(fits))
            if cost.step != "training" or facts.verdict.due
        ),
        notes=tuple(_write_notes(model, facts, build, fits)),
    )


def _plan_build(model: ModelSpec, facts: Facts) -> PlannedBuild:
    night, newest = Days.one(facts.night), find_newest(facts.past)
    scored, matured = model.scored_days(night).last, model.matured_days(night).last
    changed = [name for name in compare_contract(model, newest) if name in BUILT_FROM]
    edited = [] if newest is None else find_edited(facts.sources, newest.version, (FEATURES,))
    edited += [f"spec.py: {name}" for name in changed]
    return PlannedBuild(
        engine=facts.engine,
        input_rows=facts.input_rows,
        features_day=scored,
        features_exist=scored in facts.feature_rows,
        labels_day=matured,
        labels_exist=matured in facts.label_rows,
        edited=tuple(edited),
        older=_find_older_nights(model, facts) if edited else None,
    )


def _find_older_nights(model: ModelSpec, facts: Facts) -> Days | None:
    """Return the nights before this one whose features exist and are trained on."""
    fitted = [training_days(model, recipe, facts.night) for recipe in model.recipes]
    fitted += [training_days(model, model.recipe(name), facts.night) for name in facts.recipes]
    used = [day for day in facts.feature_rows if any(day in days for days in fitted)]
    return Days(first=min(used), last=max(used)).shifted(-model.horizon_days) if used else None


def _plan_fits(model: ModelSpec, facts: Facts) -> tuple[PlannedFit, ...]:
    rows = join_rows(facts.feature_rows, facts.label_rows)
    past = {one.version.recipe: one for one in facts.past}
    fits = []
    for name in facts.recipes:
        recipe, before = model.recipe(name), past.get(name)
        window, fingerprint = training_days(model, recipe, facts.night), facts.fingerprints[name]
        version = None if before is None else before.version
        same = version is not None and (version.recipe_fingerprint, version.trained_on, version.pins) == (
            fingerprint,
            window,
            facts.pins,
        )
        fit = PlannedFit(
            recipe=name,
            role=_find_role(model, recipe, facts),
            change=compare_recipe(model, recipe, fingerprint, facts.sources, before),
            previous=version and version.version,
            window=window,
            rows=count_rows(rows, window),
            reused=version.version if version is not None and same else None,
        )
        fits.append(fit)
    return tuple(fits)


def _find_role(model: ModelSpec, recipe: Recipe, facts: Facts) -> Role:
    if recipe in model.strategies:
        return "strategy"
    if facts.standing is None:
        return "first" if recipe == model.recipes[0] else "rival"
    return "refresh" if facts.fingerprints[recipe.name] == facts.champion_recipe else "rival"


def _plan_scoring(model: ModelSpec, facts: Facts) -> PlannedScoring:
    standing, scored = facts.standing, model.scored_days(Days.one(facts.night))
    return PlannedScoring(
        day=scored.last,
        version=None if standing is None else standing.champion,
        rows=count_rows(facts.feature_rows, scored),
        streams=len(facts.recipes) + facts.continued + facts.streams,
        evaluated=judged_days(model, facts.night),
        paired=None if standing is None else days_to_pair(model, facts.night, standing.since),
    )


def _write_notes(
    model: ModelSpec, facts: Facts, build: PlannedBuild, fits: Sequence[PlannedFit]
) -> Iterable[str]:
    notes = (
        None if any(day for _, day in facts.progress) else _advise_load(model),
        explain_other_night(facts.night, facts.following),
        note_unfinished(model.name, facts.progress),
        _note_older_rows(model, build),
        _note_cadence(model, facts),
        _note_refreshes(facts, fits),
        _note_break(facts),
        *(_note_rows(model, fit) for fit in fits),
    )
    return filter(None, notes)


def _advise_load(model: ModelSpec) -> str:
    return (
        "nothing is loaded: load history and train the first version with "
        f"`contender load {model.name} FIRST..LAST`"
    )


def _note_older_rows(model: ModelSpec, build: PlannedBuild) -> str | None:
    if not build.edited or build.older is None:
        return None
    return (
        f"{', '.join(build.edited)} changed: the night builds only its own days. Features of the nights "
        f"{build.older.key} were built before; run {dag_id('features', model.name)} for them to build them again"
    )


def _note_cadence(model: ModelSpec, facts: Facts) -> str | None:
    if model.cadence.is_nightly:
        return None
    return f"{'a fit' if facts.verdict.due else 'no fit'} is due: {facts.verdict.why}"


def _note_refreshes(facts: Facts, fits: Sequence[PlannedFit]) -> str | None:
    standing = facts.standing
    if standing is None or not facts.verdict.due or any(fit.role == "refresh" for fit in fits):
        return None
    return (
        f"no recipe refreshes version {standing.champion}: it keeps serving until a rival has passed its "
        "sequential test"
    )


def _note_break(facts: Facts) -> str | None:
    broken = None if facts.standing is None else facts.standing.broken
    return None if broken is None else f"a break is open since night {broken}: strategies are fitted, too"


def _note_rows(model: ModelSpec, fit: PlannedFit) -> str | None:
    if not fit.rows:
        return f"{fit.recipe} cannot be fitted: there are no labelled rows in {fit.window.key}"
    least = 0 if model.recovery is None or fit.role != "strategy" else model.recovery.min_rows
    if fit.rows < least:
        return f"{fit.recipe} does not compete: about {fit.rows:,} rows, and `min_rows` of `recovery` is {least:,}"
    return None
