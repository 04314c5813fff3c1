"""Parallel workers start what is expensive once."""

from tests.groups import ORDER, group_files, sort_key

FILES = {"a.py": ["catalog", "fab"], "b.py": ["fab", "fab_users"], "c.py": ["catalog"], "d.py": []}


def test_files_that_use_an_expensive_fixture_are_one_group():
    groups = group_files(FILES)
    assert groups["a.py"] == groups["b.py"] == "fab"


def test_other_files_are_groups_of_their_own():
    groups = group_files(FILES)
    assert (groups["c.py"], groups["d.py"]) == ("c.py", "d.py")


def test_the_longest_groups_start_first_and_quick_files_last():
    groups = ["tests/unit/test_a.py", "fab", "tests/integration/test_b.py", "world", ORDER[0]]
    assert sorted(groups, key=sort_key) == groups[::-1]
