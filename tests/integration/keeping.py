"""Keep an installation that takes long to make, so that each test starts from it without making it again."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

from contender.installation import Installation
from contender.retraining import InstalledStores


class Kept(NamedTuple):
    """An installation with a model, and a copy of the folder that contains its home and catalog."""

    stores: InstalledStores
    copy: Path

    def reset(self) -> InstalledStores:
        """Return the installation, opened again, as it was when it was kept."""
        # The folder stays in its place: a lake's metadata and a registry contain absolute paths.
        _replace(self.copy, _folder_of(self.stores))
        kept, model = self.stores.installation, self.stores.model
        return InstalledStores(Installation(kept.settings, kept.catalog), model)


def keep(stores: InstalledStores) -> Kept:
    """Copy the folder in which the installation's home and catalog are."""
    folder = _folder_of(stores)
    copy = folder.with_name(f"{folder.name}-kept")
    copy.mkdir()
    _replace(folder, copy)
    return Kept(stores, copy)


def _folder_of(stores: InstalledStores) -> Path:
    return stores.installation.settings.home.parent


def _replace(source: Path, target: Path) -> None:
    """Make the content of `target` equal to that of `source`."""
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_file() and not _is_of_database(path):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    shutil.copytree(source, target, ignore=_databases, dirs_exist_ok=True)
    for path in source.rglob("*.db"):
        # Through SQLite, because connections of this process may be open.
        with sqlite3.connect(path) as kept, sqlite3.connect(target / path.relative_to(source)) as found:
            kept.backup(found)
        kept.close()
        found.close()


def _databases(_: str, names: list[str]) -> list[str]:
    return [name for name in names if _is_of_database(Path(name))]


def _is_of_database(path: Path) -> bool:
    return ".db" in path.suffix
