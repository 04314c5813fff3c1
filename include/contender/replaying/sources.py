"""The sources that a version was made from: today's files where they are the same, else those of the commit."""

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
    """A recipe and the folder to fit it from; `own` says whether these are the version's sources."""

    recipe: Recipe
    home: Path
    own: bool
    notes: tuple[str, ...]


@contextmanager
def find_sources(
    catalog: Path, model: ModelSpec, recipe: Recipe, version: TrainedVersion
) -> Iterator[Sources]:
    """The folder that a version's recipe is fitted again from, for as long as it is needed.

    Today's, unless a file of it has changed; then that of the version's commit, if the catalog stands in a git
    repository that has it. Where that cannot be, today's again, with a note; the recipe is then another one.
    """
    today = catalog / "models" / model.name
    if today.is_dir() and _made_from(today, model, recipe, version):
        yield Sources(recipe, today, own=True, notes=())
        return
    changed = _changed(today, version)
    commit = version.code_version.removesuffix("+")
    with TemporaryDirectory() as folder:
        then = _check_out(catalog, commit, model.name, Path(folder))
        if then is not None and _made_from(then, model, recipe, version):
            yield Sources(recipe, then, True, (f"{changed}: refitted from the sources of commit {commit}",))
            return
    found = (
        "is not in this repository"
        if then is None
        else "has other sources, too: they were not committed then"
    )
    if not today.is_dir():
        raise ReplayError(f"the folder of {model.name} is gone from the catalog, and commit {commit} {found}")
    yield Sources(
        recipe, today, False, (f"{changed}, and commit {commit} {found}: refitted from today's sources",)
    )


def _made_from(home: Path, model: ModelSpec, recipe: Recipe, version: TrainedVersion) -> bool:
    if version.sources and digest_sources(home) != version.sources:
        return False
    try:
        return fingerprint_recipe(model, recipe, home) == version.recipe_fingerprint
    except FileNotFoundError:
        return False


def _changed(home: Path, version: TrainedVersion) -> str:
    """Which files are not as they were."""
    today = digest_sources(home)
    names = sorted(
        name for name in {*today, *version.sources} if today.get(name) != version.sources.get(name)
    )
    if not version.sources or not names:
        return f"the sources or parameters of recipe {version.recipe!r} changed since"
    return f"{', '.join(f'models/{home.name}/{name}' for name in names)} changed since"


def _check_out(catalog: Path, commit: str, model: str, into: Path) -> Path | None:
    """The model's folder as it was at a commit; None where git does not have it."""
    asked = ["git", "-C", str(catalog), "archive", "--format=tar", commit, "--", f"models/{model}"]
    try:
        # Only a hexadecimal commit is passed on: a version outside of git names a release there.
        int(commit, 16)
        done = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603
    except (FileNotFoundError, ValueError):
        return None
    if done.returncode != 0:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(into, filter="data")
    return into / "models" / model
