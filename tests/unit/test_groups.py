"""Parallel workers start what is expensive once."""

import subprocess
import sys

from contender.settings import PROJECT
from tests.groups import ORDER, SHARED, find_group, find_place, find_unlisted


def test_files_that_share_an_expensive_fixture_are_one_group():
    for name, files in SHARED.items():
        assert {find_group(f"{file}::test_a[x]") for file in files} == {name}


def test_every_other_file_is_a_group():
    assert find_group("tests/unit/test_groups.py::test_a[a::b]") == "tests/unit/test_groups.py"


def test_the_longest_groups_start_first_and_quick_files_last():
    tests = ["tests/unit/test_a.py", "tests/integration/test_b.py", SHARED["fab"][0], ORDER[0]]
    assert sorted(tests, key=find_place) == tests[::-1]


def test_a_file_that_uses_a_shared_fixture_must_be_listed():
    assert find_unlisted("tests/integration/test_new.py::test_a", ["catalog", "fab"]) == "fab"
    assert find_unlisted(f"{SHARED['fab'][0]}::test_a", ["fab"]) is None
    assert find_unlisted("tests/integration/test_new.py::test_a", ["catalog"]) is None


def test_every_listed_file_exists():
    files = [file for listed in SHARED.values() for file in listed]
    files += [begin for begin in ORDER if begin.endswith(".py")]
    assert [file for file in files if not (PROJECT / file).is_file()] == []


def test_the_tests_of_the_container_stack_which_run_apart_can_be_collected():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/compose",
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
