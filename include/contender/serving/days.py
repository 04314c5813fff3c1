"""The published features of some days in memory, with the predictions of their rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa

from contender.serving.requests import BadRequest, Defect
from contender.specs import Days, ModelSpec

if TYPE_CHECKING:
    from contender.lake import Lake
    from contender.serving.versions import LoadedVersion, Scores

DAYS_KEPT = 8  # of a model
_VERSIONS_KEPT = 3  # the serving one, a canary, and one that replaces either


@dataclass(frozen=True)
class FeatureDay:
    """The rows of a day in one snapshot, the place of each key, and the predictions of all rows by version."""

    day: date
    snapshot: int
    rows: pa.Table
    places: Mapping[tuple[Any, ...], int]
    scores: OrderedDict[int, Scores] = field(default_factory=OrderedDict)
    turn: Lock = field(default_factory=Lock)
    shadows: dict[str, tuple[int, Scores]] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows for a pipeline. Each version predicts them once, so that they are not kept twice."""
        frame: pd.DataFrame = self.rows.to_pandas()
        return frame

    def score(self, version: LoadedVersion) -> Scores:
        """Return the predictions of all rows of the day, which are computed once per version.

        A day is predicted in one call, as in batch scoring: some pipelines round differently with other rows beside a
        row. Raises PredictionError.
        """
        known = self.scores.get(version.number)  # without waiting for a prediction of another version
        if known is not None:
            return known
        with self.turn:
            if version.number not in self.scores:
                self.scores[version.number] = version.score(self.frame)
                while len(self.scores) > _VERSIONS_KEPT:
                    self.scores.popitem(last=False)
            return self.scores[version.number]

    def score_in_shadow(self, version: LoadedVersion) -> Scores:
        """Return the predictions of a challenger, which are kept apart: those that serve never wait for them.

        One thread calls this. The newest version of each recipe is kept. Raises PredictionError.
        """
        recipe = version.record.recipe
        if self.shadows.get(recipe, (None,))[0] != version.number:
            self.shadows[recipe] = version.number, version.score(self.frame)
        return self.shadows[recipe][1]


class Found(NamedTuple):
    """The places of the requested keys that a day has, and the rows of the request whose keys it does not have."""

    day: FeatureDay
    places: Sequence[int]
    unknown: Sequence[int] = ()

    @property
    def rows(self) -> Sequence[int]:
        """The rows of the request whose keys the day has, in the order of their places."""
        every, unknown = range(len(self.places) + len(self.unknown)), set(self.unknown)
        return [row for row in every if row not in unknown] if unknown else every


class FeatureDays:
    """The days of a model that were requested lately."""

    def __init__(self, model: ModelSpec) -> None:
        self._model = model
        self._days: OrderedDict[date, FeatureDay] = OrderedDict()
        self._turn = Lock()
        self._generation = 0

    def find(self, lake: Lake, day: date, keys: Sequence[Mapping[str, Any]]) -> Found:
        """Return the places of keys in a day.

        Raises BadRequest if the day is not there, or a key is not and the model's spec has no cold start.
        """
        found = self._day(lake, day)
        names = [column.name for column in self._model.keys]
        places = [found.places.get(tuple(key[name] for name in names)) for key in keys]
        missing = [row for row, place in enumerate(places) if place is None]
        if missing and self._model.serving.cold_start is None:
            raise BadRequest(404, *(self._unknown(row, keys[row], day) for row in missing))
        return Found(found, [place for place in places if place is not None], missing)

    def kept(self) -> tuple[FeatureDay, ...]:
        """Return the days in memory, the one that was requested last at the end."""
        with self._turn:
            return tuple(self._days.values())

    def forget_other_than(self, snapshot: int | None) -> None:
        """Drop days that were read from another snapshot."""
        with self._turn:
            self._generation += 1
            for day in [day for day, kept in self._days.items() if kept.snapshot != snapshot]:
                del self._days[day]

    def _day(self, lake: Lake, day: date) -> FeatureDay:
        with self._turn:
            if day in self._days:
                self._days.move_to_end(day)
                return self._days[day]
            generation = self._generation
        read = read_day(self._model, lake, day)
        if read is None:
            table = self._model.feature_contract.table
            raise BadRequest(
                404, Defect(field="day", value=str(day), problem=f"{table} has no rows of {day}")
            )
        with self._turn:
            if generation == self._generation:  # otherwise the table may have changed since
                self._days[day] = read
                while len(self._days) > DAYS_KEPT:
                    self._days.popitem(last=False)
        return read

    def _unknown(self, row: int, key: Mapping[str, Any], day: date) -> Defect:
        named = ", ".join(f"{name}={value}" for name, value in key.items())
        return Defect(row=row, value=named, problem=f"{self._model.name} has no features of {named} on {day}")


def read_day(model: ModelSpec, lake: Lake, day: date, snapshot: int | None = None) -> FeatureDay | None:
    """Read a day of the feature table, by default from its newest snapshot; None if it has no rows."""
    contract = model.feature_contract
    pinned = snapshot or lake.snapshot(contract.table)
    rows = lake.read(contract, Days(first=day, last=day), snapshot=pinned)
    if pinned is None or rows.num_rows == 0:
        return None
    keys = zip(*(rows[column.name].to_pylist() for column in model.keys), strict=True)
    return FeatureDay(day, pinned, rows, {key: place for place, key in enumerate(keys)})
