"""Check one batch: first every expectation quickly, then the failed ones again with their failing rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import great_expectations as gx

from contender.gating.batches import Load, Part, load_frames
from contender.gating.days import check_days
from contender.gating.origins import describe_origins
from contender.gating.suite import build_expectation
from contender.gating.usual import Past, check_usual
from contender.records import ExpectationResult, GateResult, StagedBatch, Verdict, gate_id
from contender.specs import Contract, Expectation, describe

KEYS_KEPT = 10
_SAMPLED_ROWS = 1000  # failing rows that are searched for distinct keys


def check(
    contract: Contract, batch: StagedBatch, run: str, past: Past | None = None, load: Load = load_frames
) -> GateResult:
    """Check a staged batch against every expectation of its contract, and against previous days if given.

    The verdict is `fail` if an expectation or the reading of the files failed, `warn` if only expectations or
    defects of severity `warn` failed, else `pass`. The result contains up to ten primary keys of failing rows per
    expectation, with personal data masked.
    """
    expectations, days = contract.all_expectations(), contract.open_days(batch.days)
    quick = _validate(load(contract, batch, expectations, False), days, "BOOLEAN_ONLY")
    doubtful = [expectation for expectation in expectations if not quick[expectation].success]
    close = (
        _validate(load(contract, batch, doubtful, True), days, _detailed_format(contract)) if doubtful else {}
    )
    broken = {
        expectation: _broken(expectation, result, contract, batch) for expectation, result in close.items()
    }
    results = tuple(broken.get(p) or _kept(p, days) for p in expectations)
    if past is not None and contract.usual is not None:
        results += check_usual(contract.usual, past)
    if batch.dropped:
        results += (_dropped(batch),)
    if contract.daily and not batch.days.is_single:
        results += check_days(contract, batch, past)
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
        delivered=batch.delivered,
    )


def _dropped(batch: StagedBatch) -> ExpectationResult:
    rows = batch.rows + batch.dropped
    return ExpectationResult(
        expectation="rows that equal another one in all columns are dropped",
        verdict="pass",
        observed=f"{batch.dropped:,} of {rows:,} delivered rows were dropped",
    )


def _verdict(verdicts: Sequence[Verdict]) -> Verdict:
    for worst in ("fail", "warn"):
        if worst in verdicts:
            return worst
    return "pass"


def _validate(parts: Iterable[Part], days: int, result_format: Any) -> dict[Expectation, Any]:
    found = {}
    for batch, expectations in parts:
        built = [build_expectation(expectation, days) for expectation in expectations]
        for number, gx_expectation in enumerate(built):
            # The validator may reorder its results; the number identifies the expectation of each.
            gx_expectation.meta = {"number": number}
        suite = gx.ExpectationSuite(name="contract", expectations=built)
        for result in batch.validate(suite, result_format=result_format).results:
            found[expectations[int(result.expectation_config.meta["number"])]] = result
    return found


def _detailed_format(contract: Contract) -> dict[str, object]:
    return {
        "result_format": "SUMMARY",
        "partial_unexpected_count": _SAMPLED_ROWS,
        "unexpected_index_column_names": list(contract.primary_key),
        "return_unexpected_index_query": False,
    }


def _kept(expectation: Expectation, days: int) -> ExpectationResult:
    return ExpectationResult(
        expectation=describe(expectation, days),
        same_as=None if days == 1 else describe(expectation, 1),
        columns=expectation.columns,
        verdict="pass",
        observed="passed",
    )


def _broken(
    expectation: Expectation, result: Any, contract: Contract, batch: StagedBatch
) -> ExpectationResult:
    figures: dict[str, Any] = dict(result.result or {})
    days = contract.open_days(batch.days)
    count = figures.get("unexpected_count")
    return ExpectationResult(
        expectation=describe(expectation, days),
        same_as=None if days == 1 else describe(expectation, 1),
        columns=expectation.columns,
        verdict=expectation.severity,
        observed=_observed(expectation, figures, result, contract, batch.rows),
        failing_rows=None if count is None else int(count),
        failing_keys=_failing_keys(figures, contract, batch),
    )


def _observed(
    expectation: Expectation, figures: dict[str, Any], result: Any, contract: Contract, rows: int
) -> str:
    error = result.exception_info or {}
    if error.get("raised_exception"):
        return f"could not be checked: {error['exception_message']}"
    if "unexpected_count" not in figures:
        return f"{figures.get('observed_value', 'nothing')} rows" if not expectation.columns else "failed"
    text = f"{int(figures['unexpected_count'])} of {rows} rows"
    pii = {column.name for column in contract.columns if column.pii}
    values = [value for value in figures.get("partial_unexpected_list") or [] if value is not None]
    if values and not pii & set(expectation.columns) and not isinstance(values[0], dict):
        text += f", for example {_quote(str(values[0])[:60])}"
    return text


def _quote(value: str) -> str:
    # A look-alike character of another alphabet is also shown by its code, to make it visible.
    return repr(value) if value.isascii() else f"{value!r} ({value!a})"


def _failing_keys(
    figures: dict[str, Any], contract: Contract, batch: StagedBatch
) -> tuple[dict[str, str], ...]:
    """Return distinct keys of failing rows; if the batch was delivered in several files, with their files and rows."""
    pii = {column.name for column in contract.columns if column.pii}
    found = figures.get("partial_unexpected_index_list") or []
    keys: list[dict[str, str]] = []
    # Rows with the same key are described together.
    distinct = {tuple(str(entry.get(name)) for name in contract.primary_key): entry for entry in found}
    for entry in distinct.values():
        key = {name: "***" if name in pii else str(entry.get(name))[:60] for name in contract.primary_key}
        if origins := describe_origins(entry, contract, batch):
            key["delivered in"] = origins
        if key not in keys:
            keys.append(key)
        if len(keys) == KEYS_KEPT:
            break
    return tuple(keys)
