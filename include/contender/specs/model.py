"""The specification of a model: what it predicts, its inputs, features, recipes and guards."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Literal

from pydantic import Field, model_validator

from contender.specs.approval import Approval
from contender.specs.cadence import Cadence
from contender.specs.columns import Column, Email, Name, Text
from contender.specs.contract import Contract
from contender.specs.days import Days
from contender.specs.expectations import Between, Expectation
from contender.specs.frozen import Frozen
from contender.specs.guards import Guards, Slice, check_slices
from contender.specs.inputs import Input
from contender.specs.kinds import (
    KINDS,
    SCORED_BY,
    KindName,
    LossName,
    check_loss,
    check_scores,
    label_expectations,
    score_columns,
    score_expectations,
    with_default_loss,
)
from contender.specs.monitoring import Monitoring, check_day_effects
from contender.specs.race import Race
from contender.specs.recipe import BASELINE, Recipe, check_weights
from contender.specs.recovery import Recovery
from contender.specs.request_log import LOG_NAMES, log_contract
from contender.specs.serving import Serving, check_cold_start
from contender.specs.value import Value, check_value
from contender.specs.zones import Zone


class ModelSpec(Frozen):
    """A model. In night N it scores the rows of day N + `horizon_days`."""

    name: Name
    description: Text
    owner: Email
    label: Text = Field(description="what is predicted, in words")
    limits: tuple[Text, ...] = Field(
        default=(), description="limits of its knowledge and use, shown in its model card"
    )
    predicts: Literal["probability", "quantity", "class"] = Field(
        default="probability",
        description="`probability` for labels 0 and 1, `quantity` for any number, `class` for one of `classes`",
    )
    classes: tuple[Name, ...] = Field(
        default=(), description="all values of the label; each has a column `score_<class>`"
    )
    quantiles: tuple[float, ...] = Field(
        default=(), description="levels of the quantiles to predict of a quantity, such as (0.1, 0.5, 0.9)"
    )
    loss: LossName = Field(
        default="brier",
        description="the loss by which versions are compared: by default `log_loss` for classes, `pinball` for "
        "quantiles; `cost` is defined by the model's cost.py",
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
    measured_rows: int = Field(
        default=100_000,
        ge=1000,
        description="most rows of a day on which versions and predictions are measured; of more, so many are drawn "
        "by their keys",
    )
    baseline_features: tuple[Name, ...] = Field(min_length=1)
    slices: tuple[Slice, ...] = Field(
        default=(), description="slices on which a new version may not be worse"
    )
    cadence: Cadence = Field(default=Cadence(), description="the nights that fit the recipes; default: all")
    guards: Guards = Guards()
    race: Race = Race()
    approval: Approval = Approval()
    monitoring: Monitoring = Monitoring()
    recovery: Recovery | None = Field(
        default=None, description="strategies for a change of the world; none by default"
    )
    serving: Serving = Serving()
    value: Value | None = Field(
        default=None, description="what predictions are worth in money; without it, only their cost is known"
    )
    horizon_days: int = Field(default=1, ge=0, description="number of days that a row is scored ahead")
    label_maturity_days: int = Field(
        default=0, ge=0, description="number of days after its own day until a row's label is known"
    )
    engine: Literal["auto", "spark", "duckdb"] = "auto"
    scored_by: time | None = Field(
        default=None, description="time of the morning after a night by which its predictions must be there"
    )
    scored_by_zone: Zone | None = Field(default=None, description="time zone of `scored_by`; None: UTC")

    @model_validator(mode="before")
    @classmethod
    def _default_loss(cls, values: object) -> object:
        return with_default_loss(values)

    @model_validator(mode="after")
    def _scores_consistent(self) -> ModelSpec:
        check_scores(self.predicts, self.classes, self.quantiles)
        check_loss(self.loss, self.kind)
        check_value(self.value, self.kind)
        check_cold_start(self.serving.cold_start, self.score_names)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> ModelSpec:
        names = [column.name for column in (*self.keys, *self.features, *self.weights)]
        reserved = _RESERVED | {*self.score_names}
        for name in names:
            where = "weights" if name in self.weight_names else "features"
            if names.count(name) > 1:
                raise ValueError(f"{where}: {name!r} is declared twice: remove one")
            if name in reserved:
                raise ValueError(f"{where}: {name!r} is a reserved name: choose another name")
        if max(source.history_days for source in self.inputs) <= self.label_maturity_days:
            raise ValueError(
                f"inputs: none includes the day whose labels become known, {self.label_maturity_days} days before "
                f"the night: set history_days={self.label_maturity_days + 1} or more on the input with the labels"
            )
        inputs = [source.name for source in self.inputs]
        if repeated := [name for name in inputs if inputs.count(name) > 1]:
            raise ValueError(f"inputs: {repeated[0]!r} is listed twice: remove one")
        return self

    @model_validator(mode="after")
    def _columns_known(self) -> ModelSpec:
        used = {"baseline_features": self.baseline_features}
        names = [recipe.name for recipe in self.all_recipes]
        for recipe in self.all_recipes:
            used[f"recipes: {recipe.name!r}: features"] = recipe.features
            if names.count(recipe.name) > 1:
                raise ValueError(f"recipes: {recipe.name!r} is declared twice: give each recipe its own name")
            if self.quantiles and "quantile" in recipe.parameters:
                raise ValueError(f"recipes: {recipe.name!r}: `quantile` is set for each quantile: remove it")
        for where, chosen in used.items():
            for name in chosen:
                if name not in self.feature_names:
                    raise ValueError(
                        f"{where}: unknown column {name!r}: use one of " + ", ".join(self.feature_names)
                    )
        check_slices(self.slices, (*self.keys, *self.features))
        check_day_effects(self.monitoring.day_effects, (*self.keys, *self.features))
        check_weights(self.all_recipes, self.features, self.weights)
        return self

    @property
    def kind(self) -> KindName:
        """The kind of prediction: `predicts`, or `quantiles` for a quantity with quantiles."""
        return "quantiles" if self.quantiles else self.predicts

    @property
    def score_columns(self) -> tuple[Column, ...]:
        """The columns of a prediction."""
        return score_columns(self.classes, self.quantiles)

    @property
    def score_names(self) -> tuple[str, ...]:
        """The names of the columns of a prediction."""
        return tuple(column.name for column in self.score_columns)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of all features, in order."""
        return tuple(column.name for column in self.features)

    @property
    def weight_names(self) -> tuple[str, ...]:
        """The names of the weights in the label table, in order."""
        return tuple(column.name for column in self.weights)

    @property
    def strategies(self) -> tuple[Recipe, ...]:
        """The recipes that are fitted only while a break is open."""
        return () if self.recovery is None else self.recovery.strategies

    @property
    def all_recipes(self) -> tuple[Recipe, ...]:
        """All recipes: those of every night, then the strategies for a break."""
        return (*self.recipes, *self.strategies)

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of that name. Raises KeyError with the known names."""
        for recipe in self.all_recipes:
            if recipe.name == name:
                return recipe
        raise KeyError(
            f"{self.name} has no recipe {name!r}: use one of {', '.join(r.name for r in self.all_recipes)}"
        )

    def seen_by(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the features that a recipe uses, in order; its weight is none of them."""
        if recipe.estimator == BASELINE:
            return self.baseline_features
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
        label = Column(name="label", type=KINDS[self.kind].label, description=self.label)
        weighted = tuple(Between(column=name, low=0) for name in self.weight_names)
        expected = (*label_expectations(self.kind, self.classes), *weighted)
        return self._contract("labels", (label, *self.weights), *expected)

    @property
    def prediction_contract(self) -> Contract:
        """The contract of the table of served predictions."""
        return self._scored("predictions")

    @property
    def shadow_contract(self) -> Contract:
        """The contract of shadow predictions: of tonight's versions, and of the version kept without refreshes."""
        stream = Column(
            name="stream", type="string", description="a recipe's fingerprint, or `champion`, or `still`"
        )
        return self._scored("shadow", stream).model_copy(update={"primary_key": (*self.row_key, "stream")})

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The contracts of all its tables."""
        nightly = (self.feature_contract, self.label_contract, self.prediction_contract, self.shadow_contract)
        return (*nightly, self.request_contract)

    @property
    def request_contract(self) -> Contract:
        """The contract of the log of online predictions; its days are those of the answers, in UTC."""
        return log_contract(self.name, self.owner, self.keys, (*self.features, *self.score_columns))

    def _scored(self, namespace: str, *columns: Column) -> Contract:
        expectations = score_expectations(self.kind, self.score_columns)
        return self._contract(namespace, (*columns, *self.score_columns, *SCORED_BY), *expectations)

    def _contract(self, namespace: str, columns: tuple[Column, ...], *expectations: Expectation) -> Contract:
        day = Column(name="day", type="date", description="the day of the row")
        return Contract(
            table=f"{namespace}.{self.name}",
            owner=self.owner,
            columns=(day, *self.keys, *columns),
            primary_key=self.row_key,
            expectations=expectations,
        )


_RESERVED = frozenset({"day", "label", "stream", "score"} | LOG_NAMES | {column.name for column in SCORED_BY})
