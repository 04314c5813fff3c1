"""Check on the syntax tree that the body of a task is wiring only: steps and judgements belong to the engine.

A task may read settings, records and stores, call one function of the engine, map its errors and its result to
Airflow's failure and skip, notify, pass values to Airflow, and return. Everything else belongs to a stage.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Calls into these packages read something; calls into `NOTIFIES` send mail. Neither counts as a step.
READ_FROM = ("contender.settings", "contender.specs", "contender.records", "contender.installation")
NOTIFIES = "contender.alerting"
RUN = {
    "run_days",
    "run_night",
    "run_by",
    "run_name",
    "open_installation",
    "night_stores",
    "dump",
    "dump_all",
}  # helpers of plugins/wiring.py that read the run
TO_AIRFLOW = {"xcom_push", "add_partitions", "info"}
BRANCHES = {
    ast.For: "loops",
    ast.While: "loops",
    ast.Match: "branches",
    ast.IfExp: "branches",
    ast.FunctionDef: "defines a function",
    ast.Lambda: "defines a function",
}


def find_tasks(source: str) -> dict[str, list[str]]:
    """Return the faults of each function of a module decorated with `@task`, including nested ones."""
    module = ast.parse(source)
    tasks = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef) and _is_task(node)]
    own = {node.name for node in module.body if isinstance(node, ast.FunctionDef) and not _is_task(node)}
    return {task.name: list(_faults(task, _engine_functions(module), own)) for task in tasks}


def _is_task(function: ast.FunctionDef) -> bool:
    decorators = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return any(ast.unparse(decorator).partition(".")[0] == "task" for decorator in decorators)


def _engine_functions(module: ast.Module) -> set[str]:
    """Return the engine functions that the module imports, by their local names."""
    return {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contender.")
        if not (node.module or "").startswith((*READ_FROM, NOTIFIES))
        for alias in node.names
        if alias.name[0].islower() and not alias.name.startswith("open_")
    }


def _faults(task: ast.FunctionDef, engine: set[str], own: set[str]) -> Iterator[str]:
    for statement in task.body:
        yield from _faults_of_statement(statement, engine)
    inside = [node for statement in task.body for node in ast.walk(statement)]
    for node in inside:
        if isinstance(node, ast.stmt | ast.expr) and type(node) in BRANCHES:
            yield f"line {node.lineno} {BRANCHES[type(node)]}: do it in the engine"
        if isinstance(node, ast.comprehension) and node.ifs:
            yield f"line {node.target.lineno} selects: do it in the engine"
    called = [_called(node) for node in inside if isinstance(node, ast.Call)]
    for name in sorted(own.intersection(called) - RUN):
        yield f"hides steps in {name}: do them in the engine"
    steps = sorted(name for name in called if name in engine)
    if len(steps) > 1:
        yield f"calls {', '.join(steps)}: call one function of the engine"


def _faults_of_statement(statement: ast.stmt, engine: set[str]) -> Iterator[str]:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Assign() | ast.AnnAssign() | ast.Return():
            return
        case ast.Expr(value=value) if isinstance(value, ast.Constant) or _is_effect(value, engine):
            return
        case ast.If(body=[ast.Raise()], orelse=[]):
            return
        case ast.If(body=[ast.Expr(value=value)], orelse=[]) if _notifies(value):
            return
        case ast.With(body=body) | ast.Try(body=body, orelse=[], finalbody=[]):
            for inner in body:
                yield from _faults_of_statement(inner, engine)
            if isinstance(statement, ast.Try) and not all(map(_maps_to_airflow, statement.handlers)):
                yield f"line {statement.lineno} handles an error: only raise an Airflow exception instead"
        case _ if type(statement) not in BRANCHES:
            yield f"line {statement.lineno}: `{ast.unparse(statement).splitlines()[0]}` is not wiring"


def _is_effect(value: ast.expr, engine: set[str]) -> bool:
    return isinstance(value, ast.Call) and (_called(value) in engine | TO_AIRFLOW or _notifies(value))


def _notifies(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and (
        _called(value) == "deliver" or ast.unparse(value.func).endswith(".alerts.add")
    )


def _maps_to_airflow(handler: ast.ExceptHandler) -> bool:
    match handler.body:
        case [ast.Raise(exc=ast.Call(func=ast.Name(id=name)))]:
            return name in {"AirflowFailException", "AirflowSkipException"}
    return False


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
