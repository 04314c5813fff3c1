"""An installation with a catalog of a test's own, where the project's would say too much."""

from __future__ import annotations

from collections.abc import Iterable

from contender.installation import Installation
from contender.settings import Settings
from contender.specs import Catalog, DatasetSpec, ModelSpec


def install(
    settings: Settings, datasets: Iterable[DatasetSpec], models: Iterable[ModelSpec] = ()
) -> Installation:
    """The installation of these settings, with these contracts in the place of what is in its folder."""
    catalog = Catalog(
        home=settings.home,
        datasets={spec.name: spec for spec in datasets},
        models={spec.name: spec for spec in models},
    )
    return put_in(Installation(settings), catalog)


def put_in(here: Installation, catalog: Catalog) -> Installation:
    """The same installation with another catalog, as if that had been opened on first use."""
    vars(here)["catalog"] = catalog
    return here
