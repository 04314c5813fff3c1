"""Draft a model's folder from one daily dataset: trailing means, an example label, boosted trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from contender.drafting.draft import CHECK, Draft, DraftError, check_name, check_owner
from contender.drafting.guesses import FEW_VALUES
from contender.drafting.keys import is_identifier
from contender.drafting.source import Place, assignment, module_source
from contender.rendering import templates
from contender.specs import (
    Between,
    Catalog,
    Column,
    DatasetSpec,
    Input,
    InSet,
    Minimum,
    ModelSpec,
    Recipe,
    dag_id,
)

Predicts = Literal["probability", "quantity"]

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


def draft_model(
    name: str, dataset: DatasetSpec, *, owner: str | None = None, predicts: Predicts | None = None
) -> Draft:
    """Draft the folder of a model with this input: its spec, features, estimator, baseline and behaviour tests.

    Without `predicts`, the model predicts a quantity if the measure of the example label can have many values.
    Raises DraftError if the name or the owner is not valid, or if the dataset has no recurring keys or no numbers.
    """
    check_name(name)
    check_owner(owner or dataset.owner)
    keys = _entity(dataset)
    measures = _measures(dataset, keys)
    labelled = _labelled(dataset, measures)
    chosen = predicts or _propose(dataset, labelled)
    label = _label(labelled, chosen)
    spec = _contract(name, dataset, keys, measures, label).model_copy(
        update={"owner": owner or dataset.owner}
    )
    notes = NOTES if owner else {**NOTES, ("owner",): (f"{CHECK}the dataset's owner; who owns the model?",)}
    title = name.replace("_", " ").strip()
    files = _render_parts(dataset, spec, measures, labelled)
    # Written last, since the catalog finds a model by its spec.py.
    files["spec.py"] = module_source(DOCSTRING.format(title), spec, notes)
    return Draft(
        name=name,
        summary=f"{len(spec.features)} features by {', '.join(key.name for key in keys)}; "
        + _explain(labelled, chosen, proposed=predicts is None),
        start=f"contender load {name} FIRST..LAST, which runs {dag_id('ingest', dataset.name)}, "
        f"{dag_id('features', name)} and {dag_id('retrain', name)}",
        files={f"models/{name}/{file}": text for file, text in files.items()},
    )


def _render_parts(
    dataset: DatasetSpec, spec: ModelSpec, measures: Sequence[Column], labelled: Column
) -> dict[str, str]:
    """Return the files of the folder except the spec, by name."""
    values = {
        "name": spec.name.replace("_", " ").strip(),
        "dataset": dataset.name,
        "constants": [
            assignment("TABLE", dataset.name),
            assignment("HISTORY_DAYS", HISTORY_DAYS),
            assignment("NEWEST_DAYS", NEWEST_DAYS),
        ],
        "keys": assignment("KEYS", tuple(key.name for key in spec.keys)),
        "measures": assignment("MEASURES", tuple(measure.name for measure in measures)),
        "labelled": assignment("LABELLED", labelled.name),
        "quantity": spec.predicts == "quantity",
        "behaviour": assignment("BEHAVIOUR", _behaviour(dataset, labelled)),
    }
    return {f"{part}.py": _render(f"{part}.py.jinja", values) for part in PARTS}


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


class _Label(NamedTuple):
    """The example label of a draft: its text, and the number of days that `build_labels` reads before its own day."""

    predicts: Predicts
    description: str
    text: str
    days_before: int


def _contract(
    name: str,
    dataset: DatasetSpec,
    keys: Sequence[Column],
    measures: Sequence[Column],
    label: _Label,
) -> ModelSpec:
    return ModelSpec(
        name=name,
        description=label.description,
        owner=dataset.owner,
        label=label.text,
        limits=(f"It knows only {dataset.name} of the days that it was trained on.",),
        predicts=label.predicts,
        loss="squared" if label.predicts == "quantity" else "brier",
        inputs=(
            Input(
                dataset=dataset.name,
                # Features look back from the scored day, labels from the day before it.
                history_days=HISTORY_DAYS + dataset.delivery.lead_days + label.days_before,
            ),
        ),
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


def _propose(dataset: DatasetSpec, labelled: Column) -> Predicts:
    """Return `quantity` for a measure that can have many values according to its contract."""
    for expectation in dataset.expectations:
        match expectation:
            case InSet(column=labelled.name, values=values) if len(values) <= FEW_VALUES:
                return "probability"
            case Between(column=labelled.name, low=float(low), high=float(high)):
                if labelled.type == "integer" and high - low < FEW_VALUES:
                    return "probability"
    return "quantity"


def _explain(labelled: Column, predicts: Predicts, *, proposed: bool) -> str:
    what = f"predicts a {predicts}"
    if not proposed:
        return what
    many, other = ("many", "probability") if predicts == "quantity" else ("few", "quantity")
    return f"{what}, since {labelled.name} can have {many} values (otherwise use --predicts {other})"


def _label(labelled: Column, predicts: Predicts) -> _Label:
    title = labelled.name.replace("_", " ")
    if predicts == "quantity":
        unit = f", in {labelled.unit}" if labelled.unit else ""
        return _Label(predicts, f"Mean {title} of the day{unit}.", f"mean {title} of the day", 0)
    text = f"{title} of the day is above its mean of the {HISTORY_DAYS} days before"
    return _Label(predicts, f"Probability that {text}.", text, 1)


def _behaviour(dataset: DatasetSpec, labelled: Column) -> tuple[Minimum, ...]:
    """Return the behaviour test of a quantity: its contract's bounds; no test without bounds."""
    return tuple(
        Minimum(name=f"the mean prediction is a possible {labelled.name}", low=found.low, high=found.high)
        for found in dataset.expectations
        if isinstance(found, Between) and found.column == labelled.name
    )[:1]


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
