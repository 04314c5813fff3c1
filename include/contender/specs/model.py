"""A model's contract: what it predicts, from which datasets, by which recipe, under which guards."""

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

LossName = Literal["brier", "log_loss", "squared", "absolute", "cost"]
LOSSES: dict[str, tuple[LossName, ...]] = {
    "probability": ("brier", "log_loss"),
    "quantity": ("squared", "absolute"),
}


class Input(Frozen):
    """A table that the features are built from: a dataset, or the predictions of another model."""

    dataset: Name | None = None
    predictions_of: Name | None = None
    history_days: int = Field(
        default=1, ge=1, description="how many days up to the newest known one are read"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Input:
        if (self.dataset is None) == (self.predictions_of is None):
            raise ValueError("give either `dataset` or `predictions_of`")
        return self

    @property
    def name(self) -> str:
        """What the features function knows it by."""
        return self.dataset or f"predictions_{self.predictions_of}"


class Recipe(Frozen):
    """How a model is made; fitted again on newer days, it is a refresh. Edit it, and it is another recipe."""

    name: Name
    window_days: int = Field(gt=0, description="days of labelled history that it is fitted on")
    estimator: Name = Field(
        default="estimator", description="the file of the model's folder whose build_estimator it uses"
    )
    features: tuple[Name, ...] = Field(default=(), description="those it sees; all of the model's when empty")
    parameters: dict[str, int | float | str | bool] = Field(default_factory=dict)
    seed: int = 0


class Race(Frozen):
    """When paired days are evidence enough: for another recipe, or against going on refreshing."""

    alpha: float = Field(
        default=0.05, gt=0, lt=1, description="chance of ever promoting a recipe that is no better, a race"
    )
    min_rows: int = Field(
        default=20, gt=0, description="a day with fewer scored and labelled rows is left out"
    )
    still_days: int = Field(
        default=28, gt=0, description="how long ago the version served that refreshes are held against"
    )
    nights_between_false_stops: int = Field(
        default=730, gt=1, description="on average at least, while refreshes do no harm"
    )


class Monitoring(Frozen):
    """When yesterday is called unusual."""

    max_loss_ratio: float = Field(
        default=1.5, gt=1, description="the day's loss against that of the last evaluation"
    )
    max_drifted_share: float = Field(
        default=0.5, gt=0, le=1, description="share of features whose distribution moved"
    )
    reference_days: int = Field(default=28, gt=0)
    current_days: int = Field(default=7, gt=0)
    sample_rows: int = Field(default=5000, gt=0, description="rows of each side of the report")


class ModelSpec(Frozen):
    """One model. In night N it scores the rows of day N + `horizon_days`."""

    name: Name
    description: Text
    owner: Email
    label: Text = Field(description="in words: what is foretold")
    limits: tuple[Text, ...] = Field(
        default=(), description="what it does not know and must not be used for: they stand in its card"
    )
    predicts: Literal["probability", "quantity"] = Field(
        default="probability", description="of a label that is 0 or 1, or a label that is any number"
    )
    loss: LossName = Field(
        default="brier",
        description="what versions are judged and raced by; `cost` is the model's own cost.py",
    )
    inputs: tuple[Input, ...] = Field(min_length=1)
    keys: tuple[Column, ...] = Field(min_length=1, description="what names a row beside its day")
    features: tuple[Column, ...] = Field(min_length=1)
    recipes: tuple[Recipe, ...] = Field(
        min_length=1, description="the first serves first; the others race against it for its place"
    )
    evaluation_days: int = Field(
        default=7, gt=0, description="newest labelled days, kept from every fit and judged on"
    )
    baseline_features: tuple[Name, ...] = Field(min_length=1)
    slices: tuple[Slice, ...] = Field(
        default=(), description="parts of the rows that a new version must not do worse on"
    )
    guards: Guards = Guards()
    race: Race = Race()
    approval: Approval = Approval()
    monitoring: Monitoring = Monitoring()
    horizon_days: int = Field(default=1, ge=0, description="days ahead of its night that a row is scored")
    label_maturity_days: int = Field(
        default=0, ge=0, description="days after its own day that a row's label is known"
    )
    engine: Literal["auto", "spark", "duckdb"] = "auto"

    @model_validator(mode="after")
    def _consistent(self) -> ModelSpec:
        names = [column.name for column in (*self.keys, *self.features)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"features: {name!r} is declared twice: remove one")
            if name in _RESERVED:
                raise ValueError(f"features: {name!r} is a word of the engine: choose another name")
        if max(source.history_days for source in self.inputs) <= self.label_maturity_days:
            raise ValueError(
                f"inputs: none reaches back to the day whose labels mature, {self.label_maturity_days} days before "
                f"the night: give the labels' input history_days={self.label_maturity_days + 1} or more"
            )
        if self.loss != "cost" and self.loss not in LOSSES[self.predicts]:
            raise ValueError(
                f"loss: {self.loss!r} does not judge a {self.predicts}: use one of "
                + ", ".join((*LOSSES[self.predicts], "cost"))
            )
        inputs = [source.name for source in self.inputs]
        for name in inputs:
            if inputs.count(name) > 1:
                raise ValueError(f"inputs: {name!r} is listed twice: remove one")
        return self

    @model_validator(mode="after")
    def _features_known(self) -> ModelSpec:
        seen = {"baseline_features": self.baseline_features}
        for recipe in self.recipes:
            seen[f"recipes: {recipe.name!r}: features"] = recipe.features
            if [other.name for other in self.recipes].count(recipe.name) > 1:
                raise ValueError(f"recipes: {recipe.name!r} is declared twice: give each a name of its own")
        for where, chosen in seen.items():
            for name in chosen:
                if name not in self.feature_names:
                    raise ValueError(
                        f"{where}: unknown column {name!r}: use one of " + ", ".join(self.feature_names)
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
                    f"slices: {wrong[0]!r} is no value of {part.column!r}, which is of type "
                    f"{columns[part.column].type}: write its values so"
                )
            if part.title in taken:
                raise ValueError(
                    f"slices: {part.title!r} is declared twice: give one of them a name of its own"
                )
            taken.add(part.title)
        return self

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Every feature, in order."""
        return tuple(column.name for column in self.features)

    def recipe(self, name: str) -> Recipe:
        """The recipe of that name. Raises KeyError, naming those that there are."""
        for recipe in self.recipes:
            if recipe.name == name:
                return recipe
        raise KeyError(
            f"{self.name} has no recipe {name!r}: choose among {', '.join(r.name for r in self.recipes)}"
        )

    def seen_by(self, recipe: Recipe) -> tuple[str, ...]:
        """The features that a recipe's estimator sees, in order."""
        return recipe.features or self.feature_names

    @property
    def row_key(self) -> tuple[str, ...]:
        """What names a row of the model's tables: the day and its keys."""
        return ("day", *(column.name for column in self.keys))

    def scored_days(self, nights: Days) -> Days:
        """The days that are scored in these nights."""
        return nights.shifted(self.horizon_days)

    def matured_days(self, nights: Days) -> Days:
        """The days whose labels become known in these nights."""
        return nights.shifted(-self.label_maturity_days)

    def last_fitted_before(self, judged: date) -> date:
        """The newest day that a model may be fitted on to be judged on the day `judged`, and on those after it.

        Its labels are known in the night that scores `judged`, as when the model serves; it is never that day itself.
        """
        return judged - timedelta(days=self.outcome_lag)

    @property
    def outcome_lag(self) -> int:
        """How many days are scored, one a night, from a day's own scoring until its outcome can be learnt from."""
        return max(self.horizon_days + self.label_maturity_days, 1)

    @property
    def feature_contract(self) -> Contract:
        """The promise of the feature table."""
        return self._contract("features", self.features)

    @property
    def label_contract(self) -> Contract:
        """The promise of the table of matured labels."""
        if self.predicts == "quantity":
            return self._contract("labels", (Column(name="label", type="number", description=self.label),))
        label = Column(name="label", type="integer", description=self.label)
        return self._contract("labels", (label,), Between(column="label", low=0, high=1))

    @property
    def prediction_contract(self) -> Contract:
        """The promise of what the champion serves."""
        return self._contract("predictions", _PREDICTION, *self._score_bounds)

    @property
    def shadow_contract(self) -> Contract:
        """The promise of what others would have served: tonight's versions, and the champion kept still."""
        stream = Column(
            name="stream", type="string", description="a recipe's fingerprint, or `champion`, or `still`"
        )
        promise = self._contract("shadow", (stream, *_PREDICTION), *self._score_bounds)
        return promise.model_copy(update={"primary_key": (*self.row_key, "stream")})

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The promises of all its tables."""
        return (self.feature_contract, self.label_contract, self.prediction_contract, self.shadow_contract)

    @property
    def _score_bounds(self) -> tuple[Between, ...]:
        return (Between(column="score", low=0, high=1),) if self.predicts == "probability" else ()

    def _contract(self, namespace: str, columns: tuple[Column, ...], *expectations: Between) -> Contract:
        day = Column(name="day", type="date", description="the day that the row is about")
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
    Column(name="feature_snapshot", type="integer", description="snapshot of the features read"),
)
_RESERVED = frozenset({"day", "label", "stream"} | {column.name for column in _PREDICTION})
