"""Draft a model's folder from one daily dataset: trailing means, an example label, boosted trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from contender.drafting.draft import CHECK, Draft, DraftError, check_name, check_owner
from contender.drafting.keys import is_identifier
from contender.drafting.source import Place, assignment, module_source
from contender.rendering import templates
from contender.specs import Between, Catalog, Column, DatasetSpec, Input, InSet, ModelSpec, Recipe, dag_id

TEMPLATES = Path(__file__).parent / "templates"
PARTS = ("features", "estimator", "baseline", "behaviour")
DOCSTRING = (
    "A first draft of {}: every line marked `check` is a guess.\n\n"
    "The label in features.py is only an example: start there.\n"
)
HISTORY_DAYS = 28
NEWEST_DAYS = 7
MOST_MEASURES = 6
# Names that keys may not have, since these columns are generated.
_OF_THE_ENGINE = frozenset({"day", "label", "score", "model_version", "feature_snapshot"})
_OF_THE_DRAFT = frozenset({"days_seen", "weekday", "seen", "first", "age", "usual"})
NOTES: Mapping[Place, tuple[str, ...]] = {
    ("label",): (f"{CHECK}an example that runs; say what is predicted, and change build_labels to match",),
    ("limits",): (f"{CHECK}what it does not know, and what it must not be used for",),
    ("inputs",): (f"{CHECK}what else is known the night before? add its dataset here",),
    ("keys",): (f"{CHECK}what is scored each day; keys must recur from day to day",),
    ("recipes",): (f"{CHECK}days of history to train on, and the parameters of estimator.py",),
    ("baseline_features",): (f"{CHECK}features of a simple model; the first version must beat it",),
}


def choose_dataset(catalog: Catalog, name: str | None) -> DatasetSpec:
    """Return the daily dataset of that name. Raises DraftError with the known ones if there is none."""
    daily = sorted(known for known, spec in catalog.datasets.items() if spec.kind == "daily")
    if not daily:
        raise DraftError(
            "there is no daily dataset to learn from: draft one with `contender new dataset NAME --from FILE`"
        )
    there_are = f"there are: {', '.join(daily)}"
    if name is None:
        raise DraftError(f"choose the daily dataset that the model learns from with --from; {there_are}")
    if name in catalog.datasets and name not in daily:
        raise DraftError(
            f"the dataset {name!r} is not daily, but a model learns from previous days; {there_are}"
        )
    if name not in daily:
        raise DraftError(f"there is no dataset {name!r}; {there_are}")
    return catalog.dataset(name)


def draft_model(name: str, dataset: DatasetSpec, *, owner: str | None = None) -> Draft:
    """Draft the folder of a model with this input: its spec, features, estimator, baseline and behaviour tests.

    Raises DraftError if the name or the owner is not valid, or if the dataset has no recurring keys or no numbers.
    """
    check_name(name)
    check_owner(owner or dataset.owner)
    keys = _entity(dataset)
    measures = _measures(dataset, keys)
    labelled = _labelled(dataset, measures)
    spec = _contract(name, dataset, keys, measures, labelled).model_copy(
        update={"owner": owner or dataset.owner}
    )
    notes = NOTES if owner else {**NOTES, ("owner",): (f"{CHECK}the dataset's owner; who owns the model?",)}
    title = name.replace("_", " ").strip()
    values = {
        "name": title,
        "dataset": dataset.name,
        "constants": [
            assignment("TABLE", dataset.name),
            assignment("HISTORY_DAYS", HISTORY_DAYS),
            assignment("NEWEST_DAYS", NEWEST_DAYS),
        ],
        "keys": assignment("KEYS", tuple(key.name for key in keys)),
        "measures": assignment("MEASURES", tuple(measure.name for measure in measures)),
        "labelled": assignment("LABELLED", labelled.name),
    }
    files = {f"{part}.py": _render(f"{part}.py.jinja", values) for part in PARTS}
    # Written last, since the catalog finds a model by its spec.py.
    files["spec.py"] = module_source(DOCSTRING.format(title), spec, notes)
    return Draft(
        name=name,
        summary=f"{len(spec.features)} features by {', '.join(key.name for key in keys)}",
        start=f"load {dataset.name}, run {dag_id('features', name)} over a range of nights, "
        f"then {dag_id('retrain', name)}",
        files={f"models/{name}/{file}": text for file, text in files.items()},
    )


def _entity(dataset: DatasetSpec) -> tuple[Column, ...]:
    """Return the columns that identify a recurring entity: the key without its times, or else a category."""
    key = [column for column in dataset.columns if column.name in dataset.primary_key]
    lasting = tuple(column for column in key if _lasts(column))
    if lasting:
        return lasting
    named = {one.column for one in dataset.expectations if isinstance(one, InSet)}
    categories = [column for column in dataset.columns if column.name in named and _lasts(column)]
    if not categories:
        raise DraftError(
            f"{dataset.name} has nothing that recurs from day to day: its key needs a column of type string or integer"
        )
    return (categories[0],)


def _lasts(column: Column) -> bool:
    return (
        column.type in ("string", "integer")
        and not column.nullable
        and column.name not in _OF_THE_ENGINE | _OF_THE_DRAFT
    )


def _measures(dataset: DatasetSpec, keys: Sequence[Column]) -> tuple[Column, ...]:
    """Return the numeric columns that are not identifiers, those with fractions first."""
    numbers = [
        column
        for column in dataset.columns
        if column.type in ("number", "integer")
        and column.name not in {*dataset.primary_key, *(key.name for key in keys)}
        and not column.pii
        and not is_identifier(column.name)
        and len(column.name) <= 50
    ]
    numbers.sort(key=lambda column: column.type != "number")
    if not numbers:
        raise DraftError(
            f"{dataset.name} has no numbers to learn from: choose another daily dataset with --from"
        )
    return tuple(numbers[:MOST_MEASURES])


def _contract(
    name: str,
    dataset: DatasetSpec,
    keys: Sequence[Column],
    measures: Sequence[Column],
    labelled: Column,
) -> ModelSpec:
    title = labelled.name.replace("_", " ")
    label = f"{title} of the day is above its mean of the {HISTORY_DAYS} days before"
    return ModelSpec(
        name=name,
        description=f"Probability that {label}.",
        owner=dataset.owner,
        label=label,
        limits=(f"It knows only {dataset.name} of the days that it was trained on.",),
        # A label looks back from its own day, the day before the scored one.
        inputs=(Input(dataset=dataset.name, history_days=HISTORY_DAYS + dataset.delivery.lead_days + 1),),
        keys=tuple(keys),
        features=(
            Column(name="weekday", type="integer", description="1 is Sunday, 7 is Saturday"),
            Column(name="days_seen", type="integer", description=f"days with rows, of {HISTORY_DAYS} before"),
            *(_mean(measure, days) for measure in measures for days in (HISTORY_DAYS, NEWEST_DAYS)),
        ),
        recipes=(
            Recipe(
                name="boosted_trees",
                window_days=90,
                parameters={"max_iter": 60, "learning_rate": 0.1, "max_leaf_nodes": 15},
                seed=1,
            ),
        ),
        baseline_features=("weekday",),
    )


def _labelled(dataset: DatasetSpec, measures: Sequence[Column]) -> Column:
    """Return the measure for the example label, preferably one with negative values: an outcome, not a count."""
    signed = {p.column for p in dataset.expectations if isinstance(p, Between) and (p.low or 0) < 0}
    return next((measure for measure in measures if measure.name in signed), measures[0])


def _mean(measure: Column, days: int) -> Column:
    return Column(
        name=f"{measure.name}_{days}d",
        type="number",
        unit=measure.unit,
        nullable=True,
        description=f"mean of {measure.name.replace('_', ' ')}, {days} days before",
    )


def _render(template: str, values: Mapping[str, object]) -> str:
    return templates(TEMPLATES, final_newline=True).get_template(template).render(values)
