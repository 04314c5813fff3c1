"""A replay fits from the sources of the version and judges by the criteria of the evaluation, wherever each is."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from contender.evaluating import fingerprint_criteria
from contender.records import Evaluation, Grounds
from contender.replaying.find import ReplayError, _read_contract, _with_bounds
from contender.replaying.run import _recipe, _version
from contender.replaying.sources import _check_out, _has_sources_of, find_sources
from contender.settings import PROJECT
from contender.specs import load_catalog
from contender.training import digest_sources, fingerprint_recipe
from tests.unit.judged import evaluation, version
from tests.unit.policy_results import decision

MODEL = load_catalog(PROJECT / "include" / "catalog").model("flight_delay")
RECIPE = MODEL.recipes[0]


def git(folder: Path, *words: str) -> str:
    asked = ["git", "-C", str(folder), "-c", "user.name=ana", "-c", "user.email=ana@b.example", *words]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def home(tmp_path) -> Path:
    """The folder of a model in a catalog that is a git repository with one commit."""
    home = tmp_path / "models" / MODEL.name
    shutil.copytree(PROJECT / "include" / "catalog" / "models" / MODEL.name, home)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "models")
    git(tmp_path, "commit", "--quiet", "--message", "the catalog")
    return home


@pytest.fixture
def judged(home) -> Evaluation:
    """The evaluation of a version that was fitted and judged from the commit."""
    fitted = version(2).model_copy(
        update={
            "code_version": git(home, "rev-parse", "HEAD")[:12],
            "recipe_fingerprint": fingerprint_recipe(MODEL, RECIPE, home),
            "sources": digest_sources(home),
        }
    )
    return evaluation(challenger=fitted, criteria=fingerprint_criteria(MODEL, home))


def find(home: Path, judged: Evaluation) -> tuple[bool, bool, bool, tuple[str, ...]]:
    """Return whether sources and criteria are from today's folder, whether the sources are its own, and the notes."""
    with find_sources(home.parents[1], MODEL, RECIPE, judged) as found:
        return found.home == home, found.criteria == home, found.own, found.notes


def edit(home: Path, file: str) -> None:
    (home / file).write_text((home / file).read_text() + "\n# edited\n")


def test_unchanged_files_are_taken_from_today(home, judged):
    assert find(home, judged) == (True, True, True, ())


@pytest.mark.parametrize("recorded", [True, False], ids=["criteria recorded", "older evaluation"])
def test_a_test_that_was_edited_since_is_taken_from_the_commit(home, judged, recorded):
    edit(home, "behaviour.py")
    judged = judged if recorded else judged.model_copy(update={"criteria": None})
    *where, notes = find(home, judged)
    assert where == [True, False, True]
    assert notes == (
        f"models/flight_delay/behaviour.py changed since: judged from the sources of commit "
        f"{judged.challenger.code_version}",
    )


def test_an_estimator_that_was_edited_since_is_taken_from_the_commit(home, judged):
    edit(home, "estimator.py")
    *where, (note,) = find(home, judged)
    assert where == [False, True, True]
    assert note.startswith(
        "models/flight_delay/estimator.py changed since: refitted from the sources of commit"
    )


def test_a_version_judged_with_a_test_that_was_corrected_after_its_fit_needs_no_commit(home, judged):
    edit(home, "behaviour.py")
    again = judged.model_copy(update={"criteria": fingerprint_criteria(MODEL, home)})
    assert find(home, again) == (True, True, True, ())


def test_files_that_no_commit_has_are_named(home, judged):
    edit(home, "behaviour.py")
    edit(home, "features.py")
    shutil.rmtree(home.parents[1] / ".git")
    *where, notes = find(home, judged)
    assert where == [True, True, False]
    assert [note.partition(",")[0] for note in notes] == [
        "models/flight_delay/features.py changed since",
        "models/flight_delay/behaviour.py changed since",
    ]


def test_a_model_that_was_removed_is_taken_from_the_commit_or_missing(home, judged):
    shutil.rmtree(home)
    assert find(home, judged)[:3] == (False, False, True)
    unknown = judged.challenger.model_copy(update={"code_version": "0123456789ab"})
    with pytest.raises(
        ReplayError, match="models/flight_delay is missing from the catalog, and commit 0123456789ab"
    ):
        find(home, judged.model_copy(update={"challenger": unknown}))


def test_a_folder_without_the_recipes_files_is_not_that_of_the_version(home, judged):
    (home / f"{RECIPE.estimator}.py").unlink()
    bare = judged.challenger.model_copy(update={"sources": {}})
    assert not _has_sources_of(home, MODEL, RECIPE, bare)


def test_the_name_of_a_release_is_no_commit_and_without_git_there_is_none(home, tmp_path, monkeypatch):
    commit = git(home, "rev-parse", "HEAD")
    assert _check_out(tmp_path, "0.2.0", MODEL.name, tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert _check_out(tmp_path, commit, MODEL.name, tmp_path) is None


def test_a_contract_or_a_guard_of_another_release_is_named_with_that_release():
    decided = decision(date(2013, 9, 1), "refreshed", 2, "boosted_trees")
    with pytest.raises(
        ReplayError, match=r"cannot be read by this version of Contender: .*replay with the version"
    ):
        _read_contract('{"name": 1}', decided)
    grounds = Grounds(evaluations=(), standing=None, guards={"max_colour": 1}, contract=None)
    with pytest.raises(ReplayError, match=r"guard max_colour of that night is unknown to this version"):
        _with_bounds(MODEL, grounds, decided)


def test_a_version_or_a_recipe_that_no_longer_exists_is_named(registry):
    decided = decision(date(2013, 9, 1), "refreshed", 2, "boosted_trees")
    with pytest.raises(ReplayError, match=r"has no version 2 .*: it was deleted from the registry"):
        _version(decided, 2, registry)
    with pytest.raises(ReplayError, match=r"gone"):
        _recipe(MODEL, version(2).model_copy(update={"recipe": "gone"}))
