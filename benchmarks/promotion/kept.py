"""Cached fits of a real year, so that measuring a rule again takes minutes instead of hours."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import joblib
import pandas as pd
import sklearn

from benchmarks.promotion.years import KEPT, digest, fingerprint, keep
from contender.backtesting import Fits, History
from contender.backtesting.made import Made
from contender.records import identify
from contender.settings import PROJECT
from contender.specs import Catalog, ModelSpec, Recipe
from contender.training import fingerprint_recipe

ENGINE = PROJECT / "include" / "contender"
# What makes a version out of rows, and says what it was seen to do.
MAKING = (*(ENGINE / "training").glob("*.py"), ENGINE / "sketches.py", ENGINE / "evaluating" / "examine.py")


class KeptFits(Fits):
    """Versions cached below build/ by their inputs; missing ones are fitted."""

    def __init__(self, catalog: Catalog, model: ModelSpec, history: History) -> None:
        super().__init__(catalog, model, history)
        self._home = catalog.model_home(model.name)
        self._places: dict[int, Path] = {}
        behaviour = [path for path in (self._home / "behaviour.py",) if path.exists()]
        self._made_from = (fingerprint(history.rows), digest(*MAKING, *behaviour), sklearn.__version__)

    def fit(self, recipe: Recipe, night: date, instead: pd.DataFrame | None = None) -> Made | None:
        """Return the version of a night, with its scores and findings, numbered in order."""
        place = self._place(recipe, night, instead)
        if place.exists():
            made: Made | None = joblib.load(place)
            assert made is not None
            made.version = made.version.model_copy(update={"version": len(self.made) + 1})
            self.made[made.version.version] = made
        else:
            made = super().fit(recipe, night, instead)
            if made is not None:
                keep(made, place)
        if made is not None:
            self._places[made.version.version] = place
        return made

    def keep_all(self) -> None:
        """Store scores and findings that were added since the fits."""
        for number, made in self.made.items():
            keep(made, self._places[number])

    def _place(self, recipe: Recipe, night: date, instead: pd.DataFrame | None) -> Path:
        made_by = fingerprint_recipe(self.model, recipe, self._home)
        rows = () if instead is None else (fingerprint(instead),)
        return KEPT / self.model.name / f"{identify('made', made_by, night, *self._made_from, *rows)}.joblib"
