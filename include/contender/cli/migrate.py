"""Create or migrate the stores, for `contender migrate` and `contender up`."""

from __future__ import annotations

from collections.abc import Callable

from contender.installation import Installation


def migrate_stores(here: Installation, by: str, report: Callable[[str], None]) -> None:
    """Create the stores, or migrate them to this release, and report each migrated table."""
    from contender.lake import migrate_table
    from contender.records import migrate

    changed = migrate(here.settings.records)
    if changed is not None:
        here.book.acts.record("migrated", "book of record", changed, by, "contender migrate")
    _ = here.registry  # opening the registry creates it
    for dataset in here.catalog.datasets.values():
        migrated = migrate_table(here.lake, here.book.acts, dataset.contract, here.settings.staging, by)
        if migrated is not None:
            report(migrated.summary())
    report(f"The stores below {here.settings.home} are ready.")
