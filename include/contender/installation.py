"""One installation of Contender: its settings, contracts and stores, each opened on first use."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contender.lake import Lake
    from contender.records import Book
    from contender.registry import Registry
    from contender.settings import Settings
    from contender.specs import Catalog


@dataclass(frozen=True)
class Installation:
    """The settings, contracts and stores of an installation.

    Each part is imported and opened on first use and then kept: a command that only reads the book opens no lake and
    imports neither PyIceberg nor MLflow. Opening a part raises CatalogError, BookError or LakeError.
    """

    settings: Settings
    contracts: Catalog | None = field(default=None, repr=False)  # if already loaded

    @cached_property
    def catalog(self) -> Catalog:
        """The contracts of datasets and models."""
        from contender.specs import load_catalog

        return self.contracts or load_catalog(self.settings.catalog_home)

    @cached_property
    def lake(self) -> Lake:
        """The Iceberg tables."""
        from contender.lake import open_lake

        return open_lake(self.settings)

    @cached_property
    def registry(self) -> Registry:
        """The model versions."""
        from contender.registry import open_registry

        return open_registry(self.settings)

    @cached_property
    def book(self) -> Book:
        """The book of record."""
        from contender.records import open_book

        return open_book(self.settings.records)


def open_installation() -> Installation:
    """Return the installation of the environment's settings. Raises SettingsError."""
    from contender.settings import settings

    return Installation(settings())
