"""Task bodies are wiring only; their steps are functions of the engine."""

from __future__ import annotations

import textwrap

import pytest

from contender.settings import PROJECT
from tests.unit.wiring_rule import find_tasks

FILES = [*sorted((PROJECT / "dags").glob("*.py")), *sorted((PROJECT / "plugins").glob("*.py"))]


def test_all_tasks_are_wiring():
    found = {
        f"{path.relative_to(PROJECT)}:{name}": faults
        for path in FILES
        for name, faults in find_tasks(path.read_text()).items()
    }
    assert {name: faults for name, faults in found.items() if faults} == {}


def faults_of(body: str) -> list[str]:
    """Return the faults of a task with this body, in a module that imports two functions of the engine."""
    imports = "from contender.lake import sweep\nfrom contender.monitoring import conclude as write_verdict\n"
    helper = "def _report(found): ...\n"
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
def test_reading_one_call_and_mapping_its_result_is_wiring(body):
    assert faults_of(body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("found = sweep(name)\nreturn write_verdict(found)", "calls sweep, write_verdict: call one function"),
        ("for each in name:\n    sweep(each)", "line 6 loops"),
        ("if name:\n    sweep(name)", "line 6: `if name:` is not wiring"),
        ("if name:\n    raise ValueError\nelse:\n    sweep(name)", "line 6: `if name:` is not wiring"),
        ("return sweep(name if name else 'all')", "line 6 branches"),
        ("return sweep([each for each in name if each])", "line 6 selects"),
        ("open_book(name).caveats.add(1)", "`open_book(name).caveats.add(1)` is not wiring"),
        ("def step(): ...\nreturn sweep(step)", "line 6 defines a function"),
        ("return _report(sweep(name))", "hides steps in _report"),
        ("try:\n    sweep(name)\nexcept LakeError:\n    return None", "line 6 handles an error"),
        ("try:\n    sweep(name)\nfinally:\n    log.info('')", "line 6: `try:` is not wiring"),
        ("count = 1\ncount += 1\nreturn sweep(count)", "line 7: `count += 1` is not wiring"),
    ],
)
def test_steps_and_judgements_in_a_task_are_reported(body, fault):
    assert any(fault in found for found in faults_of(body)), faults_of(body)


def test_nested_tasks_are_checked():
    assert find_tasks("def group():\n    @task\n    def inner():\n        while True: ...\n") == {
        "inner": ["line 4 loops: do it in the engine"]
    }


def test_functions_without_a_task_decorator_are_not_checked():
    assert find_tasks("def build():\n    for name in ('a', 'b'): ...\n") == {}
