# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # A data scientist's day
#
# Read features as of a night, fit an idea, submit it as a challenger, and compare it in a backtest, with the functions that
# the nightly run uses. Nothing is written but a copy of your catalog in a temporary folder.
#
# Open this file as a notebook in VS Code, or in Jupyter with jupytext, or run it: `python notebooks/a_data_scientists_day.py`.
# It reads the installation of the environment (`CONTENDER_HOME`, `CONTENDER_CATALOG_HOME`), with prices of at least six months
# before `NIGHT`: `python -m demo.source 2019-09-02 2020-03-20`, then `contender load stock_prices 2019-09-02..2020-03-20`.

# %%
import shutil
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import QuantileRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contender.backtesting import build_history, compare_served, run_backtest
from contender.featurizing import read_frame
from contender.installation import Installation, open_installation
from contender.specs import Days, Recipe, check_behaviours, load_catalog
from contender.training import find_unusable_recipes, training_days

MODEL, NIGHT = "stock_volatility", date(2020, 3, 6)
here = open_installation()
spec = here.catalog.model(MODEL)

# %% [markdown]
# ## 1. Read features as of a night
#
# The night of 6 March 2020 may learn from days whose labels were known by then, except the newest ones, which it keeps for
# evaluation. `training_days` and `matured_days` are the rules of the nightly run. With `fresh=True`, features are built from
# the published datasets with the `features.py` of your working copy.

# %%
window = training_days(spec, Recipe(name="idea", window_days=60), NIGHT)
evaluated = Days(first=window.last, last=spec.matured_days(Days.one(NIGHT)).last)
rows = read_frame(here, MODEL, Days(first=window.first, last=evaluated.last), fresh=True).dropna(
    subset=["label"]
)
old, new = rows[rows["day"] <= window.last], rows[rows["day"] > window.last]
print(f"{len(old)} rows of {window.key} to learn from, {len(new)} newer ones to compare on")

# %% [markdown]
# ## 2. Fit an idea
#
# The model is judged by its absolute error, and ridge regression minimises the squared one. A median regression fits what is
# judged.

# %%
idea = make_pipeline(SimpleImputer(), StandardScaler(), QuantileRegressor(quantile=0.5, alpha=0.001))
columns = list(spec.feature_names)
idea.fit(old[columns], old["label"])
error = np.abs(idea.predict(new[columns]) - new["label"]).mean()
print(f"mean absolute error of the idea on the newer rows: {error:.3f} percentage points")

# %% [markdown]
# One week of one history proves nothing. Before anyone else sees the number, let past nights judge the idea.
#
# ## 3. Submit it as a challenger
#
# A recipe is a file with `build_estimator`, and one entry in `spec.py`. Here both are written to a copy of the catalog; in your
# project, write them to the catalog itself, on a branch.

# %%
catalog_home = Path(tempfile.mkdtemp(prefix="contender-notebook-")) / "catalog"
shutil.copytree(here.catalog.home, catalog_home)
folder = catalog_home / "models" / MODEL

(folder / "median.py").write_text('''"""Median regression, which minimises the absolute error."""

from __future__ import annotations

from sklearn.impute import SimpleImputer
from sklearn.linear_model import QuantileRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def build_estimator(parameters: dict[str, object], seed: int) -> Pipeline:
    """Return a median regression with the recipe's parameters; it needs no seed."""
    return make_pipeline(SimpleImputer(), StandardScaler(), QuantileRegressor(quantile=0.5, **parameters))
''')
entry = 'Recipe(name="median", estimator="median", window_days=60, parameters={"alpha": 0.001}),'
lines = (folder / "spec.py").read_text().splitlines()
(last,) = (number for number, line in enumerate(lines) if 'Recipe(name="linear"' in line)
(folder / "spec.py").write_text("\n".join([*lines[: last + 1], f"        {entry}", *lines[last + 1 :], ""]))

# %% [markdown]
# `contender check` reports mistakes with file, field and fix. These are its functions:

# %%
submitted = load_catalog(catalog_home)
mistakes = [*check_behaviours(submitted), *find_unusable_recipes(submitted)]
assert not mistakes, mistakes
print("recipes:", ", ".join(recipe.name for recipe in submitted.model(MODEL).recipes))

# %% [markdown]
# ## 4. Compare it in a backtest
#
# The backtest fits every recipe every night, on what the night could know, and scores the next days. Here both recipes learn
# from 60 days, so that they differ in the estimator alone, and the strategies for a break are left out.

# %%
shipped = submitted.model(MODEL)
contestants = [
    recipe.model_copy(update={"window_days": 60})
    for recipe in shipped.recipes
    if recipe.name in ("median", "linear")
]
model = shipped.model_copy(update={"recipes": tuple(contestants), "recovery": None})
nights = Days(first=NIGHT, last=date(2020, 3, 13))
history = build_history(Installation(here.settings, submitted), model, nights, print)
backtest = run_backtest(submitted, model, history, nights, ["ours"])
for failure in backtest.failed:
    print("failed:", failure)

difference = compare_served(backtest.newest["median"], backtest.newest["linear"])
assert difference is not None
print(f"loss of the median minus that of ridge: {difference.mean:+.3f} over {difference.days} days")
print("interval:", difference.interval or "none, with so few days: run the backtest over more nights")

# %% [markdown]
# ## 5. What happens next
#
# Commit both files. From the next night on, `retrain__stock_volatility` fits the new recipe, too, and scores with it in shadow. It
# replaces the champion's recipe only after it has passed the sequential test, guards, and an approval if the spec asks for one.
# Follow it with `contender ledger stock_volatility --why`. Until then, it costs a fit a night and changes nothing that is served.

# %%
print("submitted:", *sorted(path.name for path in folder.iterdir() if path.suffix == ".py"))
