"""Find the sources of a version: today's files if they are unchanged, else those of its commit."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contender.evaluating import CRITERIA_FILES, fingerprint_criteria
from contender.records import Evaluation, TrainedVersion
from contender.replaying.find import ReplayError
from contender.specs import ModelSpec, Recipe
from contender.training import digest_sources, fingerprint_recipe


class Sources(NamedTuple):
    """A recipe, the folder to fit it from, and the folder with its behaviour tests and cost function.

    `own`: whether it is fitted from the version's own sources.
    """

    recipe: Recipe
    home: Path
    criteria: Path
    own: bool
    notes: tuple[str, ...]


@contextmanager
def find_sources(
    catalog: Path, model: ModelSpec, recipe: Recipe, evaluation: Evaluation
) -> Iterator[Sources]:
    """Provide the folders to fit and to judge a version from.

    This is today's folder, unless a file has changed; then that of the version's commit, if the catalog is in a git
    repository that has the commit. Otherwise it is today's folder with a note. A version may have been judged with
    tests that were corrected after its fit, so these are searched for separately.
    """
    version, today = evaluation.challenger, catalog / "models" / model.name

    def has_sources(home: Path) -> bool:
        return home.is_dir() and _has_sources_of(home, model, recipe, version)

    def has_criteria(home: Path) -> bool:
        return home.is_dir() and _has_criteria_of(home, model, evaluation)

    if has_sources(today) and has_criteria(today):
        yield Sources(recipe, today, today, own=True, notes=())
        return
    commit = version.code_version.removesuffix("+")
    with TemporaryDirectory() as folder:
        homes = _Homes(today, _check_out(catalog, commit, model.name, Path(folder)), commit)
        parameters = f"the sources or parameters of recipe {version.recipe!r}"
        fitted = _choose(
            homes, has_sources, _changed(today, version, criteria=False) or parameters, "refitted"
        )
        if not today.is_dir() and not fitted.own:
            raise ReplayError(
                f"models/{model.name} is missing from the catalog, and commit {commit} {_lacks(homes.then)}"
            )
        criteria = _changed(today, version, criteria=True) or "the criteria of the evaluation"
        judged = _choose(homes, has_criteria, criteria, "judged")
        yield Sources(recipe, fitted.home, judged.home, fitted.own, (*fitted.notes, *judged.notes))


class _Homes(NamedTuple):
    """The model's folder today, and at the version's commit if git has it."""

    today: Path
    then: Path | None
    commit: str


class _Chosen(NamedTuple):
    """A folder; `own`: whether its files are those of the version."""

    home: Path
    own: bool
    notes: tuple[str, ...] = ()


def _choose(homes: _Homes, is_own: Callable[[Path], bool], changed: str, done: str) -> _Chosen:
    """Return today's folder if it has the version's files, else that of its commit, else today's with a note."""
    today, then, commit = homes
    if is_own(today):
        return _Chosen(today, own=True)
    if then is not None and is_own(then):
        return _Chosen(then, True, (f"{changed} changed since: {done} from the sources of commit {commit}",))
    note = f"{changed} changed since, and commit {commit} {_lacks(then)}: {done} from today's sources"
    return _Chosen(then if then is not None and not today.is_dir() else today, False, (note,))


def _lacks(then: Path | None) -> str:
    if then is None:
        return "is not in this repository"
    return "has other sources, too: the sources of the version were not committed"


def _has_sources_of(home: Path, model: ModelSpec, recipe: Recipe, version: TrainedVersion) -> bool:
    if version.sources and _split(digest_sources(home))[0] != _split(version.sources)[0]:
        return False
    try:
        return fingerprint_recipe(model, recipe, home) == version.recipe_fingerprint
    except FileNotFoundError:
        return False


def _has_criteria_of(home: Path, model: ModelSpec, evaluation: Evaluation) -> bool:
    if evaluation.criteria is not None:
        return fingerprint_criteria(model, home) == evaluation.criteria
    sources = evaluation.challenger.sources
    return not sources or _split(digest_sources(home))[1] == _split(sources)[1]


def _split(digests: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the digests of the files that a version is fitted from, and of those that it is judged with."""
    return (
        {name: digest for name, digest in digests.items() if name not in CRITERIA_FILES},
        {name: digest for name, digest in digests.items() if name in CRITERIA_FILES},
    )


def _changed(home: Path, version: TrainedVersion, *, criteria: bool) -> str:
    """Return the names of the changed files that a version is judged with, or else fitted from."""
    today, then = (_split(digests)[criteria] for digests in (digest_sources(home), version.sources))
    names = sorted(name for name in {*today, *then} if today.get(name) != then.get(name))
    return ", ".join(f"models/{home.name}/{name}" for name in names) if version.sources else ""


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
