"""Read from an installation what decides whether a fit is due; only records of earlier nights count."""

from __future__ import annotations

from datetime import date, timedelta

from contender.installation import Installation
from contender.records import Standing
from contender.retraining.cadence import REFRESHES_COMPARED, FitFacts, list_new_days, measure_staleness
from contender.specs import Days, ModelSpec
from contender.training import fingerprint_recipe


def read_fit_facts(here: Installation, model: ModelSpec, night: date, standing: Standing | None) -> FitFacts:
    """Read the facts about a night of a model."""
    book, name = here.book, model.name
    champion = book.ledger.served_on(name, night - timedelta(days=1))
    last = [one.challenger for one in book.evaluations.of_last_night(name, night)]
    if champion is None or not last:
        return FitFacts(night=night, champion_fitted=None)
    home, fitted = here.catalog.model_home(name), {one.recipe: one.recipe_fingerprint for one in last}
    monitored = book.monitored.days_before(name, model.matured_days(Days.one(night)).last, 1)
    new = list_new_days(model, night, last)
    labels = {} if new is None else here.lake.day_files(model.label_contract.table, new)
    refreshes = book.evaluations.newest_refreshes(name, night, REFRESHES_COMPARED)
    return FitFacts(
        night=night,
        champion_fitted=here.registry.version(name, champion).night,
        last_fit=last[0].night,
        broken=None if standing is None else standing.broken,
        changed=tuple(
            recipe.name
            for recipe in model.recipes
            if fitted.get(recipe.name) != fingerprint_recipe(model, recipe, home)
        ),
        verdict=monitored[-1].verdict if monitored else None,
        new_rows=sum(file.rows for file in labels.values()),
        fitted_rows=max(one.rows for one in last),
        staleness=measure_staleness(refreshes),
    )
