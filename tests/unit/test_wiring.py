"""The bodies of tasks are wiring only; what a task does is a function of the engine."""

from __future__ import annotations

import textwrap

import pytest

from contender.settings import PROJECT
from tests.unit.wiring_rule import find_tasks

FILES = [*sorted((PROJECT / "dags").glob("*.py")), *sorted((PROJECT / "plugins").glob("*.py"))]

# Tasks whose steps are not in a workflow of the engine yet. Move them, and take the task out.
NOT_YET_WIRING = {
    "dags/ingest.py:land",
    "dags/quarantine.py:settle",
    "plugins/promotion.py:promote_answered",
}


def test_tasks_are_wiring_but_for_those_that_are_listed():
    found = {
        f"{path.relative_to(PROJECT)}:{name}": faults
        for path in FILES
        for name, faults in find_tasks(path.read_text()).items()
    }
    assert {name: faults for name, faults in found.items() if faults and name not in NOT_YET_WIRING} == {}
    assert [name for name in sorted(NOT_YET_WIRING) if not found.get(name)] == [], (
        "take these out of the list"
    )


def faults_of(body: str) -> list[str]:
    """The faults of a task with this body, in a module that imports two functions of the engine."""
    imports = "from contender.lake import sweep\nfrom contender.monitoring import conclude as put_together\n"
    helper = "def _tell(found): ...\n"
    task = f"@task(retries=3)\ndef body(name):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"
    (faults,) = find_tasks(imports + helper + task).values()
    return faults


@pytest.mark.parametrize(
    "body",
    [
        '"""Sweep."""\nfrom contender.settings import settings\nreturn sweep(settings().staging)',
        "model, book = CATALOG.model(name), open_book(settings().records)\nreturn sweep(model, book).model_dump()",
        "found = [Version.model_validate(each) for each in name]\nsweep(found)",
        "try:\n    sweep(name)\nexcept LakeError as error:\n    raise AirflowFailException(str(error)) from None",
        "if not sweep(name):\n    raise AirflowSkipException('nothing to sweep')",
        "with Airflow(name) as airflow:\n    found = sweep(airflow)\nif found:\n    raise RuntimeError(found)",
        "found = sweep(name)\ncontext['ti'].xcom_push(key='found', value=found)\nlog.info('%s', found)",
        "entry = sweep(name)\nbook.alerts.add(compose_alert(entry))\ndeliver()",
    ],
)
def test_reading_one_step_and_mapping_its_outcome_is_wiring(body):
    assert faults_of(body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("found = sweep(name)\nreturn put_together(found)", "calls put_together, sweep: call one function"),
        ("for each in name:\n    sweep(each)", "line 6 loops"),
        ("if name:\n    sweep(name)", "line 6: `if name:` is not wiring"),
        ("if name:\n    raise ValueError\nelse:\n    sweep(name)", "line 6: `if name:` is not wiring"),
        ("return sweep(name if name else 'all')", "line 6 branches"),
        ("return sweep([each for each in name if each])", "line 6 selects"),
        ("open_book(name).caveats.add(1)", "`open_book(name).caveats.add(1)` is not wiring"),
        ("def step(): ...\nreturn sweep(step)", "line 6 defines a function"),
        ("return _tell(sweep(name))", "hides steps in _tell"),
        ("try:\n    sweep(name)\nexcept LakeError:\n    return None", "line 6 handles an error"),
        ("try:\n    sweep(name)\nfinally:\n    log.info('')", "line 6: `try:` is not wiring"),
        ("count = 1\ncount += 1\nreturn sweep(count)", "line 7: `count += 1` is not wiring"),
    ],
)
def test_what_is_not_wiring_is_named(body, fault):
    assert any(fault in found for found in faults_of(body)), faults_of(body)


def test_a_nested_task_is_checked_too():
    assert find_tasks("def group():\n    @task\n    def inner():\n        while True: ...\n") == {
        "inner": ["line 4 loops: do it in the engine"]
    }


def test_functions_that_are_no_tasks_are_not_checked():
    assert find_tasks("def build():\n    for name in ('a', 'b'): ...\n") == {}
