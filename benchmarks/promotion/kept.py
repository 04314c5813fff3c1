"""The fits of a real year, made once and kept, so that a rule that is measured again takes minutes and not hours."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import joblib
import pandas as pd
import sklearn

from benchmarks.promotion.years import KEPT, digest, fingerprint, keep
from contender.backtesting import Fits, History
from contender.backtesting.fits import Made
from contender.records import identify
from contender.settings import PROJECT
from contender.specs import Catalog, ModelSpec, Recipe
from contender.training import fingerprint_recipe

ENGINE = PROJECT / "include" / "contender"
# What makes a version out of rows, and says what it was seen to do.
MAKING = (*(ENGINE / "training").glob("*.py"), ENGINE / "sketches.py", ENGINE / "evaluating" / "examine.py")


class KeptFits(Fits):
    """Versions that an earlier run left below build/, by what they were made from, and else are fitted now."""

    def __init__(self, catalog: Catalog, model: ModelSpec, history: History) -> None:
        super().__init__(catalog, model, history)
        self._home = catalog.model_home(model.name)
        behaviour = [path for path in (self._home / "behaviour.py",) if path.exists()]
        self._made_from = (fingerprint(history), digest(*MAKING, *behaviour), sklearn.__version__)

    def fit(self, recipe: Recipe, night: date, instead: pd.DataFrame | None = None) -> Made | None:
        """The version of a night, numbered as it comes; its scores and what it was seen to do come with it."""
        place = self._place(recipe, night)
        if instead is not None or not place.exists():
            made = super().fit(recipe, night, instead)
            if made is not None and instead is None:
                keep(made, place)
            return made
        found: Made = joblib.load(place)
        found.version = found.version.model_copy(update={"version": len(self.made) + 1})
        self.made[found.version.version] = found
        return found

    def keep_all(self) -> None:
        """Keep what the versions have come to know since they were fitted, too."""
        recipes = {recipe.name: recipe for recipe in self.model.recipes}
        for made in self.made.values():
            keep(made, self._place(recipes[made.version.recipe], made.version.night))

    def _place(self, recipe: Recipe, night: date) -> Path:
        made_by = fingerprint_recipe(self.model, recipe, self._home)
        return KEPT / self.model.name / f"{identify('made', made_by, night, *self._made_from)}.joblib"
