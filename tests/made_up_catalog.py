"""An installation with a test's own small catalog instead of the project's."""

from __future__ import annotations

from collections.abc import Iterable

from contender.installation import Installation
from contender.settings import Settings
from contender.specs import Catalog, DatasetSpec, ModelSpec


def install(
    settings: Settings, datasets: Iterable[DatasetSpec], models: Iterable[ModelSpec] = ()
) -> Installation:
    """Return an installation with these settings and contracts; its catalog folder is not read."""
    catalog = Catalog(
        home=settings.home,
        datasets={spec.name: spec for spec in datasets},
        models={spec.name: spec for spec in models},
    )
    return set_catalog(Installation(settings), catalog)


def set_catalog(here: Installation, catalog: Catalog) -> Installation:
    """Set the installation's catalog, which is otherwise opened on first use."""
    vars(here)["catalog"] = catalog
    return here
