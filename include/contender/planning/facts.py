"""The records that a plan is a function of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import Field

from contender.featurizing import Engine
from contender.planning.changes import PastRecipe
from contender.planning.costs import NightTimes
from contender.planning.deliveries import SeenInput
from contender.planning.nights import Progress
from contender.records import FitVerdict, Pin, Standing
from contender.specs.frozen import Frozen


class Facts(Frozen):
    """What the stores and the model's folder contain about one night of a model."""

    now: datetime
    night: date
    following: date | None = Field(description="the next night")
    progress: Progress
    inputs: tuple[SeenInput, ...]
    engine: Engine
    input_rows: int
    feature_rows: Mapping[date, int] = Field(description="rows of each day with features")
    label_rows: Mapping[date, int]
    pins: tuple[Pin, ...] = Field(description="newest snapshots of features and labels")
    standing: Standing | None
    verdict: FitVerdict = Field(description="whether a fit is due")
    recipes: tuple[str, ...] = Field(
        description="recipes to fit, in a break with the strategies; none if not due"
    )
    continued: int = Field(default=0, description="versions of the last fit that score in shadow instead")
    fingerprints: Mapping[str, str] = Field(description="of each recipe today")
    sources: Mapping[str, str] = Field(description="digest of each file of the model's folder today")
    past: tuple[PastRecipe, ...]
    champion_recipe: str | None = Field(description="fingerprint of the recipe that refreshes would continue")
    streams: int = Field(description="versions that score in shadow besides those of tonight")
    times: tuple[NightTimes, ...] = Field(description="of nights before this one")
