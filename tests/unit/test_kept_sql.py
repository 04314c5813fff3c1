"""The SQL of a build is kept under everything that it follows from, and only if it follows from that."""

from __future__ import annotations

import pytest
from kept_sql import Statement, dump, fingerprint, follows_from_text, load

from contender.settings import PROJECT

PLAIN = "from pyspark.sql import functions as F\n"
JOB = PROJECT / "spark_jobs" / "build_features.py"


@pytest.mark.parametrize("file", sorted((PROJECT / "include/catalog/models").glob("*/features.py")), ids=str)
def test_the_sql_of_the_included_models_follows_from_their_text(file):
    assert follows_from_text(file.read_text())


def test_functions_that_make_columns_read_no_rows():
    assert follows_from_text(PLAIN + "late = F.count('flight') + F.first('day')\n")


@pytest.mark.parametrize(
    "reading",
    [
        "newest = tables['departures'].collect()[0]",
        "rows = tables['departures'].count()",
        "from datetime import date\ntoday = date.today()",
        "import os",
        "from company.features import rates",
        "from . import shared",
        "words = open('words.txt').read()",
    ],
)
def test_functions_that_read_rows_files_or_the_clock_or_other_code_are_planned_each_time(reading):
    assert not follows_from_text(PLAIN + reading + "\n")


@pytest.fixture
def plan(tmp_path):
    functions = tmp_path / "features.py"
    functions.write_text(PLAIN)
    column = {"name": "day", "type": "date"}
    return {
        "functions": str(functions),
        "tables": {"departures": {"files": ["one.parquet"], "columns": [column]}},
        "outputs": {"features": {"days": ["2013-09-01"], "columns": [column], "path": "night 1/features"}},
    }


def test_the_sql_of_a_night_is_that_of_another_night(plan):
    before = fingerprint(plan, JOB, [])
    plan["tables"]["departures"]["files"] = ["two.parquet", "three.parquet"]
    plan["outputs"]["features"] |= {"days": ["2013-09-02"], "path": "night 2/features"}
    assert fingerprint(plan, JOB, []) == before


def test_changed_functions_are_planned_again(plan, tmp_path):
    before = fingerprint(plan, JOB, [])
    (tmp_path / "features.py").write_text(PLAIN + "WINDOW = 14\n")
    assert fingerprint(plan, JOB, []) != before


def test_inputs_with_other_types_are_planned_again(plan):
    assert fingerprint(plan, JOB, [["day", "DATE"]]) != fingerprint(plan, JOB, [["day", "VARCHAR"]])


def test_an_input_without_files_is_planned_again(plan):
    before = fingerprint(plan, JOB, [])
    plan["tables"]["departures"]["files"] = []
    assert fingerprint(plan, JOB, []) != before


def test_kept_statements_write_into_the_folders_of_the_next_plan(plan):
    ran = [Statement("CREATE TABLE made_2 AS SELECT 1"), Statement("FROM made_2", "night 1/features")]
    kept = dump(ran, plan["outputs"]).decode()
    outputs = {"features": plan["outputs"]["features"] | {"path": "night 2/features"}}
    assert load(kept, outputs) == [ran[0], Statement("FROM made_2", "night 2/features")]
