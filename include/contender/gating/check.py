"""Check one batch: judge every expectation of its contract, and describe what failed and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contender.gating.batches import load_frames
from contender.gating.days import check_days
from contender.gating.origins import describe_origins
from contender.gating.stacking import validate_stacked
from contender.gating.usual import Past, check_usual
from contender.gating.validation import Outcome, validate
from contender.records import ExpectationResult, GateResult, StagedBatch, Verdict, gate_id
from contender.specs import Contract, Expectation, describe

KEYS_KEPT = 10

Judge = Callable[[Contract, StagedBatch], Mapping[Expectation, Outcome]]


def judge_in_memory(contract: Contract, batch: StagedBatch) -> dict[Expectation, Outcome]:
    """Return the outcome of every expectation: those about single values on stacks, the others on frames."""
    stacked = validate_stacked(contract, batch)
    rest = [expectation for expectation in contract.all_expectations() if expectation not in stacked]
    return {**stacked, **validate(contract, batch, rest, load_frames)}


def check(
    contract: Contract,
    batch: StagedBatch,
    run: str,
    past: Past | None = None,
    judge: Judge = judge_in_memory,
) -> GateResult:
    """Check a staged batch against every expectation of its contract, and against previous days if given.

    The verdict is `fail` if an expectation or the reading of the files failed, `warn` if only expectations or
    defects of severity `warn` failed, else `pass`. The result contains up to ten primary keys of failing rows per
    expectation, with personal data masked.
    """
    days, outcomes = contract.open_days(batch.days), judge(contract, batch)
    results = tuple(
        _kept(expectation, days)
        if outcomes[expectation].success
        else _broken(expectation, outcomes[expectation], contract, batch)
        for expectation in contract.all_expectations()
    )
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


def _kept(expectation: Expectation, days: int) -> ExpectationResult:
    return ExpectationResult(
        expectation=describe(expectation, days),
        same_as=None if days == 1 else describe(expectation, 1),
        columns=expectation.columns,
        verdict="pass",
        observed="passed",
    )


def _broken(
    expectation: Expectation, outcome: Outcome, contract: Contract, batch: StagedBatch
) -> ExpectationResult:
    days = contract.open_days(batch.days)
    count = outcome.figures.get("unexpected_count")
    return ExpectationResult(
        expectation=describe(expectation, days),
        same_as=None if days == 1 else describe(expectation, 1),
        columns=expectation.columns,
        verdict=expectation.severity,
        observed=_observed(expectation, outcome, contract, batch.rows),
        failing_rows=None if count is None else int(count),
        failing_keys=_failing_keys(outcome.figures, contract, batch),
    )


def _observed(expectation: Expectation, outcome: Outcome, contract: Contract, rows: int) -> str:
    if outcome.error is not None:
        return f"could not be checked: {outcome.error}"
    figures = outcome.figures
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
    figures: Mapping[str, Any], contract: Contract, batch: StagedBatch
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
