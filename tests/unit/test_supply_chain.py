"""Installed packages are the locked ones; an SBOM lists them, and an audit without an answer does not pass."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from contender.settings import PROJECT
from scripts.audit_packages import NONE_KNOWN, NOT_CHECKED, SOME_KNOWN, judge

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt", "docker/mlflow/requirements.txt")
VULNERABILITY = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}


def locked(name: str) -> dict[str, str]:
    text = (PROJECT / name).read_text()
    return {
        found[1].lower(): found[2]
        for found in re.finditer(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", text, re.MULTILINE)
    }


def package(name: str = "one", **said: object) -> dict[str, object]:
    return {"name": name, "version": "1.0", "vulns": []} | said


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash(name):
    lines = (PROJECT / name).read_text().replace("\\\n", " ").splitlines()
    pinned = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert pinned
    assert [line for line in pinned if "==" not in line or "--hash=sha256:" not in line] == []


def test_the_sbom_lists_every_locked_package(tmp_path):
    """With the command of `make sbom`."""
    (recipe,) = re.findall(r"uv tool run [^\n]*\\\n[^\n]*", (PROJECT / "Makefile").read_text())
    made = tmp_path / "sbom.json"
    command = recipe.replace("\\\n", " ").replace("build/sbom.json", str(made)).split()
    done = subprocess.run(
        [shutil.which("uv"), *command[1:]], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if "Failed to fetch" in done.stderr or "offline" in done.stderr:
        pytest.skip(f"the tool could not be downloaded: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    listed = {part["name"].lower(): part["version"] for part in json.loads(made.read_text())["components"]}
    assert listed == locked("requirements.txt")


def test_an_audit_passes_when_every_package_was_checked_and_none_is_vulnerable():
    assert judge({"dependencies": [package(), package("two")]})[0] == NONE_KNOWN


def test_a_vulnerability_is_reported_with_the_version_that_fixes_it():
    status, lines = judge({"dependencies": [package(vulns=[VULNERABILITY]), package("two")]})
    assert status == SOME_KNOWN
    assert lines[0] == "one 1.0: PYSEC-1, fixed in 1.1"


def test_an_audit_without_an_answer_does_not_pass():
    skipped = {"name": "two", "skip_reason": "Dependency not found on PyPI"}
    status, lines = judge({"dependencies": [package(), skipped]})
    assert status == NOT_CHECKED
    assert lines[0].startswith("1 of 2 packages could not be checked")
    assert judge({"dependencies": []})[0] == NOT_CHECKED


def test_a_vulnerability_takes_precedence_over_unchecked_packages():
    skipped = {"name": "two", "skip_reason": "Dependency not found on PyPI"}
    assert judge({"dependencies": [package(vulns=[VULNERABILITY]), skipped]})[0] == SOME_KNOWN
