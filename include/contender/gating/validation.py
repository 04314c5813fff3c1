"""Validate loaded parts of a batch with Great Expectations: quickly first, then failed expectations with their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import great_expectations as gx

from contender.gating.batches import Load, Part
from contender.gating.suite import build_expectation
from contender.records import StagedBatch
from contender.specs import Contract, Expectation

SAMPLED_ROWS = 1000  # failing rows that are searched for distinct keys


@dataclass(frozen=True)
class Outcome:
    """What Great Expectations found for one expectation; `figures` are named as in its result format SUMMARY."""

    success: bool
    figures: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


def validate(
    contract: Contract, batch: StagedBatch, expectations: Sequence[Expectation], load: Load
) -> dict[Expectation, Outcome]:
    """Return the outcome of each expectation, which costs some milliseconds for each, however few the rows."""
    days = contract.open_days(batch.days)
    found = _validate_parts(load(contract, batch, expectations, False), days, "BOOLEAN_ONLY")
    failed = [expectation for expectation in expectations if not found[expectation].success]
    if failed:
        parts = load(contract, batch, failed, True)
        for expectation, outcome in _validate_parts(parts, days, _detailed_format(contract)).items():
            found[expectation] = Outcome(success=False, figures=outcome.figures, error=outcome.error)
    return found


def _validate_parts(
    parts: Iterable[Part], days: int, result_format: str | dict[str, object]
) -> dict[Expectation, Outcome]:
    found = {}
    for batch, expectations in parts:
        built = [build_expectation(expectation, days) for expectation in expectations]
        for number, gx_expectation in enumerate(built):
            # The validator may reorder its results; the number identifies the expectation of each.
            gx_expectation.meta = {"number": number}
        suite = gx.ExpectationSuite(name="contract", expectations=built)
        for result in batch.validate(suite, result_format=result_format).results:
            found[expectations[int(result.expectation_config.meta["number"])]] = read_outcome(result)
    return found


def read_outcome(result: Any) -> Outcome:
    """Return the outcome that a result of Great Expectations contains."""
    error = result.exception_info or {}
    raised = error.get("exception_message") if error.get("raised_exception") else None
    return Outcome(success=bool(result.success), figures=dict(result.result or {}), error=raised)


def _detailed_format(contract: Contract) -> dict[str, object]:
    return {
        "result_format": "SUMMARY",
        "partial_unexpected_count": SAMPLED_ROWS,
        "unexpected_index_column_names": list(contract.primary_key),
        "return_unexpected_index_query": False,
    }
