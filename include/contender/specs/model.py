"""The specification of a model: what it predicts, its inputs, features, recipes and guards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field, model_validator

from contender.specs.approval import Approval
from contender.specs.columns import Column, Email, Name, Text
from contender.specs.contract import Contract
from contender.specs.days import Days
from contender.specs.expectations import Between
from contender.specs.frozen import Frozen
from contender.specs.guards import Guards, Slice, is_value_of
from contender.specs.monitoring import Monitoring
from contender.specs.recipe import Recipe

LossName = Literal["brier", "log_loss", "squared", "absolute", "cost"]
LOSSES: dict[str, tuple[LossName, ...]] = {
    "probability": ("brier", "log_loss"),
    "quantity": ("squared", "absolute"),
}


class Input(Frozen):
    """A table that features are built from: a dataset, or the predictions of another model."""

    dataset: Name | None = None
    predictions_of: Name | None = None
    history_days: int = Field(
        default=1, ge=1, description="number of days that are read, up to the newest known day"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Input:
        if (self.dataset is None) == (self.predictions_of is None):
            raise ValueError("give either `dataset` or `predictions_of`")
        return self

    @property
    def name(self) -> str:
        """The name of the table in `build_features`."""
        return self.dataset or f"predictions_{self.predictions_of}"


class Race(Frozen):
    """The parameters of the sequential tests: for a rival, and against refreshing."""

    alpha: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="per test, the chance of ever promoting a recipe that is not better",
    )
    min_rows: int = Field(
        default=20, gt=0, description="days with fewer scored and labelled rows are left out"
    )
    still_days: int = Field(
        default=28, gt=0, description="refreshes are compared with the version that served this many days ago"
    )
    nights_between_false_stops: int = Field(
        default=730,
        gt=1,
        description="minimum mean number of nights between false stops of harmless refreshes",
    )


class ModelSpec(Frozen):
    """A model. In night N it scores the rows of day N + `horizon_days`."""

    name: Name
    description: Text
    owner: Email
    label: Text = Field(description="what is predicted, in words")
    limits: tuple[Text, ...] = Field(
        default=(), description="limits of its knowledge and use, shown in its model card"
    )
    predicts: Literal["probability", "quantity"] = Field(
        default="probability", description="`probability` for labels 0 and 1, `quantity` for any number"
    )
    loss: LossName = Field(
        default="brier",
        description="the loss by which versions are compared; `cost` is defined by the model's cost.py",
    )
    inputs: tuple[Input, ...] = Field(min_length=1)
    keys: tuple[Column, ...] = Field(min_length=1, description="the columns that identify a row of a day")
    features: tuple[Column, ...] = Field(min_length=1)
    weights: tuple[Column, ...] = Field(
        default=(), description="columns of build_labels that a recipe can use as the weight of a row"
    )
    recipes: tuple[Recipe, ...] = Field(
        min_length=1,
        description="the first is trained and served first; the others must pass a sequential test",
    )
    evaluation_days: int = Field(
        default=7, gt=0, description="newest labelled days, excluded from training and used for evaluation"
    )
    baseline_features: tuple[Name, ...] = Field(min_length=1)
    slices: tuple[Slice, ...] = Field(
        default=(), description="slices on which a new version may not be worse"
    )
    guards: Guards = Guards()
    race: Race = Race()
    approval: Approval = Approval()
    monitoring: Monitoring = Monitoring()
    horizon_days: int = Field(default=1, ge=0, description="number of days that a row is scored ahead")
    label_maturity_days: int = Field(
        default=0, ge=0, description="number of days after its own day until a row's label is known"
    )
    engine: Literal["auto", "spark", "duckdb"] = "auto"

    @model_validator(mode="after")
    def _consistent(self) -> ModelSpec:
        names = [column.name for column in (*self.keys, *self.features, *self.weights)]
        for name in names:
            where = "weights" if name in self.weight_names else "features"
            if names.count(name) > 1:
                raise ValueError(f"{where}: {name!r} is declared twice: remove one")
            if name in _RESERVED:
                raise ValueError(f"{where}: {name!r} is a reserved name: choose another name")
        if max(source.history_days for source in self.inputs) <= self.label_maturity_days:
            raise ValueError(
                f"inputs: none includes the day whose labels become known, {self.label_maturity_days} days before "
                f"the night: set history_days={self.label_maturity_days + 1} or more on the input with the labels"
            )
        if self.loss != "cost" and self.loss not in LOSSES[self.predicts]:
            raise ValueError(
                f"loss: {self.loss!r} cannot be used with predicts={self.predicts!r}: use one of "
                + ", ".join((*LOSSES[self.predicts], "cost"))
            )
        inputs = [source.name for source in self.inputs]
        for name in inputs:
            if inputs.count(name) > 1:
                raise ValueError(f"inputs: {name!r} is listed twice: remove one")
        return self

    @model_validator(mode="after")
    def _features_known(self) -> ModelSpec:
        used = {"baseline_features": self.baseline_features}
        for recipe in self.recipes:
            used[f"recipes: {recipe.name!r}: features"] = recipe.features
            if [other.name for other in self.recipes].count(recipe.name) > 1:
                raise ValueError(f"recipes: {recipe.name!r} is declared twice: give each recipe its own name")
        for where, chosen in used.items():
            for name in chosen:
                if name not in self.feature_names:
                    raise ValueError(
                        f"{where}: unknown column {name!r}: use one of " + ", ".join(self.feature_names)
                    )
        return self

    @model_validator(mode="after")
    def _weights_known(self) -> ModelSpec:
        columns = {column.name: column for column in (*self.features, *self.weights)}
        used = {f"weights: {name!r}": name for name in self.weight_names}
        used |= {f"recipes: {r.name!r}: weight": r.weight for r in self.recipes if r.weight is not None}
        for where, name in used.items():
            if name not in columns:
                raise ValueError(f"{where}: unknown column {name!r}: use one of " + ", ".join(columns))
            if columns[name].type not in ("integer", "number") or columns[name].nullable:
                raise ValueError(
                    f"{where}: {name!r} is not a number in every row: declare it `number` or `integer`, not nullable"
                )
        for recipe in self.recipes:
            if recipe.weight in recipe.features:
                raise ValueError(
                    f"recipes: {recipe.name!r}: features: {recipe.weight!r} is the weight: remove it from `features`"
                )
        return self

    @model_validator(mode="after")
    def _slices_known(self) -> ModelSpec:
        columns = {column.name: column for column in (*self.keys, *self.features)}
        taken: set[str] = set()
        for part in self.slices:
            if part.column not in columns:
                raise ValueError(f"slices: unknown column {part.column!r}: use one of " + ", ".join(columns))
            wrong = [value for value in part.values if not is_value_of(value, columns[part.column].type)]
            if wrong:
                raise ValueError(
                    f"slices: {wrong[0]!r} is not a value of {part.column!r}, which has the type "
                    f"{columns[part.column].type}: correct the value"
                )
            if part.title in taken:
                raise ValueError(f"slices: {part.title!r} is declared twice: give one of them another name")
            taken.add(part.title)
        return self

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of all features, in order."""
        return tuple(column.name for column in self.features)

    @property
    def weight_names(self) -> tuple[str, ...]:
        """The names of the weights in the label table, in order."""
        return tuple(column.name for column in self.weights)

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of that name. Raises KeyError with the known names."""
        for recipe in self.recipes:
            if recipe.name == name:
                return recipe
        raise KeyError(
            f"{self.name} has no recipe {name!r}: use one of {', '.join(r.name for r in self.recipes)}"
        )

    def seen_by(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the features that a recipe uses, in order; its weight is none of them."""
        return recipe.features or tuple(name for name in self.feature_names if name != recipe.weight)

    @property
    def row_key(self) -> tuple[str, ...]:
        """The primary key of the model's tables: the day and the keys."""
        return ("day", *(column.name for column in self.keys))

    def scored_days(self, nights: Days) -> Days:
        """Return the days that are scored in these nights."""
        return nights.shifted(self.horizon_days)

    def matured_days(self, nights: Days) -> Days:
        """Return the days whose labels become known in these nights."""
        return nights.shifted(-self.label_maturity_days)

    def last_fitted_before(self, judged: date) -> date:
        """Return the newest day that a model may be trained on to be evaluated on `judged` and later days.

        Its labels are known in the night that scores `judged`, as in production, and it is never `judged` itself.
        """
        return judged - timedelta(days=self.outcome_lag)

    @property
    def outcome_lag(self) -> int:
        """The number of nights from the scoring of a day until its outcome is known, at least 1."""
        return max(self.horizon_days + self.label_maturity_days, 1)

    @property
    def feature_contract(self) -> Contract:
        """The contract of the feature table."""
        return self._contract("features", self.features)

    @property
    def label_contract(self) -> Contract:
        """The contract of the table of matured labels, with the weights of their rows."""
        weighted = tuple(Between(column=name, low=0) for name in self.weight_names)
        if self.predicts == "quantity":
            label = Column(name="label", type="number", description=self.label)
            return self._contract("labels", (label, *self.weights), *weighted)
        label = Column(name="label", type="integer", description=self.label)
        outcome = Between(column="label", low=0, high=1)
        return self._contract("labels", (label, *self.weights), outcome, *weighted)

    @property
    def prediction_contract(self) -> Contract:
        """The contract of the table of served predictions."""
        return self._contract("predictions", _PREDICTION, *self._score_bounds)

    @property
    def shadow_contract(self) -> Contract:
        """The contract of shadow predictions: of tonight's versions, and of the version kept without refreshes."""
        stream = Column(
            name="stream", type="string", description="a recipe's fingerprint, or `champion`, or `still`"
        )
        contract = self._contract("shadow", (stream, *_PREDICTION), *self._score_bounds)
        return contract.model_copy(update={"primary_key": (*self.row_key, "stream")})

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The contracts of all its tables."""
        return (self.feature_contract, self.label_contract, self.prediction_contract, self.shadow_contract)

    @property
    def _score_bounds(self) -> tuple[Between, ...]:
        return (Between(column="score", low=0, high=1),) if self.predicts == "probability" else ()

    def _contract(self, namespace: str, columns: tuple[Column, ...], *expectations: Between) -> Contract:
        day = Column(name="day", type="date", description="the day of the row")
        return Contract(
            table=f"{namespace}.{self.name}",
            owner=self.owner,
            columns=(day, *self.keys, *columns),
            primary_key=self.row_key,
            expectations=expectations,
        )


_PREDICTION = (
    Column(name="score", type="number", description="the predicted probability, or quantity"),
    Column(name="model_version", type="integer", description="the version that scored the row"),
    Column(name="feature_snapshot", type="integer", description="snapshot of the feature table"),
)
_RESERVED = frozenset({"day", "label", "stream"} | {column.name for column in _PREDICTION})
