"""Find the sources of a version: today's files if they are unchanged, else those of its commit."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contender.records import TrainedVersion
from contender.replaying.find import ReplayError
from contender.specs import ModelSpec, Recipe
from contender.training import digest_sources, fingerprint_recipe


class Sources(NamedTuple):
    """A recipe and the folder to fit it from. `own`: whether these are the version's own sources."""

    recipe: Recipe
    home: Path
    own: bool
    notes: tuple[str, ...]


@contextmanager
def find_sources(
    catalog: Path, model: ModelSpec, recipe: Recipe, version: TrainedVersion
) -> Iterator[Sources]:
    """Provide the folder to fit a version's recipe from.

    This is today's folder, unless a file has changed; then that of the version's commit, if the catalog is in a git
    repository that has the commit. Otherwise it is today's folder with a note, and the recipe differs.
    """
    today = catalog / "models" / model.name
    if today.is_dir() and _has_sources_of(today, model, recipe, version):
        yield Sources(recipe, today, own=True, notes=())
        return
    changed = _changed(today, version)
    commit = version.code_version.removesuffix("+")
    with TemporaryDirectory() as folder:
        then = _check_out(catalog, commit, model.name, Path(folder))
        if then is not None and _has_sources_of(then, model, recipe, version):
            yield Sources(recipe, then, True, (f"{changed}: refitted from the sources of commit {commit}",))
            return
    found = (
        "is not in this repository"
        if then is None
        else "has other sources, too: the sources of the version were not committed"
    )
    if not today.is_dir():
        raise ReplayError(f"models/{model.name} is missing from the catalog, and commit {commit} {found}")
    yield Sources(
        recipe, today, False, (f"{changed}, and commit {commit} {found}: refitted from today's sources",)
    )


def _has_sources_of(home: Path, model: ModelSpec, recipe: Recipe, version: TrainedVersion) -> bool:
    if version.sources and digest_sources(home) != version.sources:
        return False
    try:
        return fingerprint_recipe(model, recipe, home) == version.recipe_fingerprint
    except FileNotFoundError:
        return False


def _changed(home: Path, version: TrainedVersion) -> str:
    """Return a text that names the changed files."""
    today = digest_sources(home)
    names = sorted(
        name for name in {*today, *version.sources} if today.get(name) != version.sources.get(name)
    )
    if not version.sources or not names:
        return f"the sources or parameters of recipe {version.recipe!r} changed since"
    return f"{', '.join(f'models/{home.name}/{name}' for name in names)} changed since"


def _check_out(catalog: Path, commit: str, model: str, into: Path) -> Path | None:
    """Extract the model's folder at a commit; None if git does not have it."""
    command = ["git", "-C", str(catalog), "archive", "--format=tar", commit, "--", f"models/{model}"]
    try:
        # Only a hexadecimal commit is passed on: outside of git, the code version is the name of a release.
        int(commit, 16)
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except (FileNotFoundError, ValueError):
        return None
    if done.returncode != 0:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(into, filter="data")
    return into / "models" / model
