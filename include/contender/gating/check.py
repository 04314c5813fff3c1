"""Judges one batch: a quick look at everything, then a close one at what does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import great_expectations as gx

from contender.gating.batches import Load, Part, load_frames
from contender.gating.suite import build_expectation
from contender.gating.usual import Past, check_usual
from contender.records import ExpectationResult, GateResult, StagedBatch, Verdict, gate_id
from contender.specs import Contract, Expectation, describe

KEYS_KEPT = 10
_LOOKED_AT = 1000  # failing rows, in which so many different keys are looked for


def check(
    contract: Contract, batch: StagedBatch, run: str, past: Past | None = None, load: Load = load_frames
) -> GateResult:
    """Hold a staged batch to every promise of its contract, and to the days before it where they are known.

    The verdict is `fail` when a promise or the reading of the files failed, `warn` when only those of severity
    `warn` did, else `pass`. Of each broken promise, up to ten failing primary keys are kept, personal data masked.
    """
    promises, days = contract.all_expectations(), contract.open_days(batch.days)
    quick = _validate(load(contract, batch, promises, False), days, "BOOLEAN_ONLY")
    doubtful = [promise for promise in promises if not quick[promise].success]
    close = _validate(load(contract, batch, doubtful, True), days, _closely(contract)) if doubtful else {}
    broken = {
        promise: _broken(promise, result, contract, batch.rows, days) for promise, result in close.items()
    }
    results = tuple(broken.get(p) or _kept(p, days) for p in promises)
    if past is not None and contract.usual is not None:
        results += check_usual(contract.usual, past)
    return GateResult(
        id=gate_id(batch, run),
        table=batch.table,
        owner=contract.owner,
        days=batch.days,
        run=run,
        verdict=_verdict([r.verdict for r in results] + [d.severity for d in batch.defects]),
        rows=batch.rows,
        fingerprint=batch.fingerprint,
        expectations=results,
        defects=batch.defects,
    )


def _verdict(verdicts: Sequence[Verdict]) -> Verdict:
    for worst in ("fail", "warn"):
        if worst in verdicts:
            return worst
    return "pass"


def _validate(parts: Iterable[Part], days: int, result_format: Any) -> dict[Expectation, Any]:
    found = {}
    for batch, promises in parts:
        expectations = [build_expectation(promise, days) for promise in promises]
        for number, expectation in enumerate(expectations):
            # The validator may reorder its results; the number tells which promise each one is about.
            expectation.meta = {"promise": number}
        suite = gx.ExpectationSuite(name="contract", expectations=expectations)
        for result in batch.validate(suite, result_format=result_format).results:
            found[promises[int(result.expectation_config.meta["promise"])]] = result
    return found


def _closely(contract: Contract) -> dict[str, object]:
    return {
        "result_format": "SUMMARY",
        "partial_unexpected_count": _LOOKED_AT,
        "unexpected_index_column_names": list(contract.primary_key),
        "return_unexpected_index_query": False,
    }


def _kept(promise: Expectation, days: int) -> ExpectationResult:
    return ExpectationResult(
        expectation=describe(promise, days),
        same_as=None if days == 1 else describe(promise, 1),
        columns=promise.columns,
        verdict="pass",
        observed="as promised",
    )


def _broken(promise: Expectation, result: Any, contract: Contract, rows: int, days: int) -> ExpectationResult:
    figures: dict[str, Any] = dict(result.result or {})
    count = figures.get("unexpected_count")
    return ExpectationResult(
        expectation=describe(promise, days),
        same_as=None if days == 1 else describe(promise, 1),
        columns=promise.columns,
        verdict=promise.severity,
        observed=_observed(promise, figures, result, contract, rows),
        failing_rows=None if count is None else int(count),
        failing_keys=_failing_keys(figures, contract),
    )


def _observed(
    promise: Expectation, figures: dict[str, Any], result: Any, contract: Contract, rows: int
) -> str:
    trouble = result.exception_info or {}
    if trouble.get("raised_exception"):
        return f"could not be checked: {trouble['exception_message']}"
    if "unexpected_count" not in figures:
        return f"{figures.get('observed_value', 'nothing')} rows" if not promise.columns else "not so"
    told = f"{int(figures['unexpected_count'])} of {rows} rows"
    pii = {column.name for column in contract.columns if column.pii}
    values = [value for value in figures.get("partial_unexpected_list") or [] if value is not None]
    if values and not pii & set(promise.columns) and not isinstance(values[0], dict):
        told += f", {_shown(str(values[0])[:60])} among them"
    return told


def _shown(value: str) -> str:
    # A look-alike from another alphabet is shown by its code, too, or nobody would see it.
    return repr(value) if value.isascii() else f"{value!r}, that is {value!a},"


def _failing_keys(figures: dict[str, Any], contract: Contract) -> tuple[dict[str, str], ...]:
    pii = {column.name for column in contract.columns if column.pii}
    found = figures.get("partial_unexpected_index_list") or []
    keys: list[dict[str, str]] = []
    for entry in found:
        key = {name: "***" if name in pii else str(entry.get(name))[:60] for name in contract.primary_key}
        if key not in keys:
            keys.append(key)
        if len(keys) == KEYS_KEPT:
            break
    return tuple(keys)
