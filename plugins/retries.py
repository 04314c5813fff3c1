"""Which errors of a task are worth a retry."""

from __future__ import annotations

from json import JSONDecodeError

from airflow.sdk import ExceptionRetryPolicy, RetryRule
from airflow.sdk.definitions.retry_policy import RetryAction

from contender.errors import PermanentError

# The first rule that matches decides. Errors without a rule, such as a late delivery, a lock, a lost connection to a
# store, or a killed process, are retried. Without a delay of its own, a rule keeps the task's growing pauses.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=PermanentError,
            action=RetryAction.FAIL,
            reason="the data, the code or the request is wrong",
        ),
        # Both have subclasses that are ValueErrors, such as the page of a proxy in place of an answer.
        RetryRule(
            exception=[OSError, JSONDecodeError],
            action=RetryAction.RETRY,
            reason="network or disk",
        ),
        RetryRule(
            exception=[
                ArithmeticError,
                AssertionError,
                AttributeError,
                LookupError,
                NameError,
                NotImplementedError,
                RecursionError,
                TypeError,
                ValueError,
            ],
            action=RetryAction.FAIL,
            reason="the code, or a value that it was given, is wrong",
        ),
    ]
)
