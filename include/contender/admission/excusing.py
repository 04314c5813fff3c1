"""Apply a release to a gate result: failures that the person saw become warnings, new failures still fail."""

from __future__ import annotations

from contender.records import Act, Book, Defect, GateResult, quarantine_id


def apply_release(judged: GateResult, book: Book) -> GateResult:
    """Return the gate result after a person's release of the batch, if there was one."""
    act = book.acts.settlement_of(judged.table, quarantine_id(judged.fingerprint))
    if judged.verdict != "fail" or act is None or act.kind != "released":
        return judged
    return excuse(judged, act, book.gates.get(str(act.detail.get("gate"))))


def excuse(judged: GateResult, act: Act, seen: GateResult | None) -> GateResult:
    """Return the gate result of a batch that was released on the result `seen`.

    Failures in `seen` become warnings, and another warning names the person and the reason. If anything else failed,
    the verdict remains `fail`, all failures remain in the result, and the warning names the new ones.
    """
    unexcused = find_unexcused(judged, seen)
    what = f"it was released by {act.by}: {act.reason}"
    if unexcused:
        what += f"; the release does not cover new failures: {', '.join(unexcused)}"
    released = Defect(
        what=what,
        where=f"{judged.table} {judged.days.key}",
        way_out="ask the source to correct it and deliver it again"
        if judged.table.startswith("datasets.")
        else "correct what it is built from, or the model's code, and build it again",
        severity="warn",
    )
    if unexcused:
        return judged.model_copy(update={"defects": (released, *judged.defects)})
    expectations = tuple(
        e.model_copy(update={"verdict": "warn"}) if e.verdict == "fail" else e for e in judged.expectations
    )
    defects = tuple(defect.model_copy(update={"severity": "warn"}) for defect in judged.defects)
    return judged.model_copy(
        update={"verdict": "warn", "expectations": expectations, "defects": (released, *defects)}
    )


def find_unexcused(judged: GateResult, seen: GateResult | None) -> tuple[str, ...]:
    """Return descriptions of the failures that are not in the result that a person saw.

    Expectations are compared by their identity, which contains the contract's bounds and no figures of the day.
    """
    seen_failing = set() if seen is None else {e.identity for e in seen.expectations if e.verdict == "fail"}
    seen_defects = (
        set() if seen is None else {(d.what, d.where) for d in seen.defects if d.severity == "fail"}
    )
    failing = [
        e.expectation for e in judged.expectations if e.verdict == "fail" and e.identity not in seen_failing
    ]
    unread = [
        f"{d.what} ({d.where})"
        for d in judged.defects
        if d.severity == "fail" and (d.what, d.where) not in seen_defects
    ]
    return (*failing, *unread)
