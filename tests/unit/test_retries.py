"""What fails a task at once, and what is tried again."""

from __future__ import annotations

import ast
import json

import pytest
import requests
from airflow.sdk.definitions.retry_policy import RetryAction
from botocore.exceptions import EndpointConnectionError
from pyiceberg.exceptions import CommitFailedException
from sqlalchemy.exc import OperationalError

from contender.featurizing.run import WrongTypesError
from contender.lake import LakeError
from contender.landing import LandingError, MissingFiles, NotDelivered
from contender.orchestrator import ApiError
from contender.records import StaleDecision
from contender.scoring import CannotPredict
from contender.settings import PROJECT
from contender.specs import DaysError
from contender.submitting import SparkError
from contender.training import TrainingError
from retries import RETRY_POLICY

ENGINE = PROJECT / "include" / "contender"

# Errors that may be over at the next try. Each other error of the engine must fail a task at once.
TRANSIENT = {
    "ApiError",
    "BookError",  # a new store whose tables another process is creating
    "BuildError",  # a build that was killed, or that lost its connection
    "GrantError",
    "MailboxError",
    "NotDelivered",
    "SparkError",
    "StackError",
}
# Errors of commands, which no task runs.
OF_COMMANDS = {
    "BackfillError",
    "BackfillStoppedError",
    "BacktestError",
    "DamagedFileError",
    "DraftError",
    "IncidentError",
    "LoadError",
    "LoadStoppedError",
    "ReplayError",
    "TryError",
    "UnknownEntryError",
    "UnknownIncidentError",
    "UsageError",
}
CAUGHT = {
    "BadRequest",  # becomes the answer to a request
    "RepeatedKeyError",  # the rows are sorted again, with all columns
    "UnreadableFile",  # becomes a defect of the batch
}


def action(error: BaseException) -> RetryAction:
    """Return what the policy says about an error at the first try."""
    return RETRY_POLICY.evaluate(error, try_number=1, max_tries=3).action


@pytest.mark.parametrize(
    "error",
    [
        LandingError("the file is too large"),
        MissingFiles("2013-01-02.csv"),
        LakeError("another schema"),
        StaleDecision("the champion has changed"),
        TrainingError("no rows"),
        CannotPredict("a new category"),
        WrongTypesError("a text in a number"),
        DaysError("the last day is before the first"),
        AttributeError("'NoneType' object has no attribute 'days'"),
        KeyError("carrier"),
        ValueError("could not convert string to float"),
        ZeroDivisionError("division by zero"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_data_or_code_fails_the_task_at_once(error):
    assert action(error) is RetryAction.FAIL


@pytest.mark.parametrize(
    "error",
    [
        NotDelivered("no file yet"),
        SparkError("the JVM was killed"),
        ApiError("503"),
        ConnectionResetError(),
        TimeoutError(),
        OSError(28, "No space left on device"),
        MemoryError(),
        OperationalError("select 1", {}, Exception("database is locked")),
        CommitFailedException("another commit was first"),
        EndpointConnectionError(endpoint_url="http://lake"),
        requests.exceptions.JSONDecodeError("Expecting value", "<html>", 0),
        json.JSONDecodeError("Expecting value", "<html>", 0),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_a_network_a_lock_or_capacity_is_retried_after_the_tasks_pauses(error):
    decision = RETRY_POLICY.evaluate(error, try_number=1, max_tries=3)
    assert decision.action is not RetryAction.FAIL
    assert decision.retry_delay is None


def parents_of_errors() -> dict[str, set[str]]:
    """Return each class of the engine with all its parents, by name, from the sources."""
    direct = {
        node.name: {ast.unparse(base) for base in node.bases}
        for path in ENGINE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }

    def all_parents(name: str) -> set[str]:
        return direct.get(name, set()).union(*map(all_parents, direct.get(name, ())))

    return {name: all_parents(name) for name in direct}


def test_every_error_of_the_engine_is_permanent_or_named_as_transient():
    undecided = {
        name
        for name, parents in parents_of_errors().items()
        if parents & {"Exception", "RuntimeError"} and not name.startswith("_")
        if not parents & {"PermanentError", "ValueError", "LookupError"}
    }
    assert undecided - {"PermanentError"} == TRANSIENT | OF_COMMANDS | CAUGHT
