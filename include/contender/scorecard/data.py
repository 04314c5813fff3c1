"""The seven tests of features and data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contender.records import Evaluation, GateResult
from contender.scorecard.evidence import Evidence
from contender.scorecard.findings import (
    AUTOMATIC,
    BY_HAND,
    NOT_DONE,
    Finding,
    Seen,
    add,
    judge_runs,
    limit,
    seen_evaluation,
    seen_guard,
)

_ABLATION = "add a recipe to spec.py that differs from another one only in having fewer `features`"


def find_schema(evidence: Evidence) -> Finding:
    """Search gate results of the feature table that contain expectations."""
    contract = evidence.model.feature_contract
    results = evidence.gates.get(contract.table, ())
    return judge_runs(
        "expectations checked on the feature table",
        seen_gates(result for result in results if result.expectations),
        f"run the DAG of the features, which checks the {len(contract.all_expectations())} expectations of "
        f"{contract.table}",
    )


def find_benefit(evidence: Evidence) -> Finding:
    """Search nights that compared a recipe with the same recipe on fewer features."""
    found = list(_ablations(evidence))
    finding = judge_runs(
        "a recipe compared with itself on fewer features",
        (seen_evaluation(full) for full, _ in found),
        _ABLATION,
    )
    if not found:
        return finding
    full, fewer = found[0]
    gain = fewer.challenger_measures.loss - full.challenger_measures.loss
    left_out = set(full.challenger.features) - set(fewer.challenger.features)
    return add(finding, f"{len(left_out)} features change the loss by {-gain:+.5f} on the newest of them")


def find_cost(evidence: Evidence) -> Finding:
    """Search bounds of the prediction time, and figures of what features cost."""
    timed = [
        (full, fewer)
        for full, fewer in _ablations(evidence)
        if full.seconds_per_million_rows is not None and fewer.seconds_per_million_rows is not None
    ]
    if timed:
        return judge_runs(
            "prediction time with and without some features",
            (seen_evaluation(full) for full, _ in timed),
            "run more nights",
        )
    guarded = seen_guard(evidence.recent_entries, "latency")
    total = judge_runs("a bound on the prediction time with all features", guarded, "run a night")
    return limit(total, f"the cost of single features is not measured: {_ABLATION}")


def find_requirements(evidence: Evidence) -> Finding:
    """Search versions that read only columns of a stored contract, none of them personal data."""
    declared = {column.name: column for column in evidence.model.features}
    personal = sorted({name for name, column in declared.items() if column.pii})
    if personal:
        names = ", ".join(personal)
        why = f"features with personal data: {names}"
        return Finding(score=NOT_DONE, why=why, missing="remove these features, or derive others from them")
    checked = [
        seen_evaluation(one)
        for one in evidence.evaluations
        if one.contract in evidence.documents and one.challenger.features
        if all(name in declared for name in one.challenger.features)
    ]
    return judge_runs(
        "versions that read only declared columns without personal data, with the contract in the book",
        checked,
        "run a night: it stores the contract, and the columns that its versions read",
    )


def find_privacy(evidence: Evidence) -> Finding:
    """Search acts that restrict, log or erase personal data."""
    enforced = [act for act in evidence.acts if act.kind in ("granted", "erased")]
    logged = [act for act in evidence.acts if act.kind == "read"]
    names = ", ".join(column.name for column in evidence.personal_columns) or "none"
    marked = f"columns marked as personal data: {names}"
    if not enforced:
        missing = 'apply access.yaml: contender access apply --reason "..."'
        return Finding(score=NOT_DONE, why=f"no record of restricted rights; {marked}", missing=missing)
    chosen = (enforced[0], *logged[:1])
    records = tuple(f"act {act.id}: contender audit --about {act.about}" for act in chosen)
    why = f"rights applied or keys erased: {len(enforced)} acts, unmasked reads: {len(logged)} acts"
    if not logged:
        missing = "no read of personal data was logged: open a gate result unmasked, and find it in `contender audit`"
        return Finding(score=BY_HAND, why=f"{why}; {marked}", evidence=records, missing=missing)
    return Finding(score=AUTOMATIC, why=f"{why}; {marked}", evidence=records)


def find_new_features(evidence: Evidence) -> Finding:
    """Search nights whose versions read columns that no earlier version read."""
    known: set[str] = set()
    added: list[Seen] = []
    for version in evidence.versions:
        new = sorted(set(version.features) - known)
        if known and new:
            names = ", ".join(new)
            where = (
                f"version {version.version} with {names}: contender card {version.model} {version.version}"
            )
            added.append(Seen(version.night, where))
        known.update(version.features)
    return judge_runs(
        "a new feature in a trained version",
        added,
        "add a column to features.py and spec.py: the next night trains and compares it",
    )


def find_feature_tests(evidence: Evidence) -> Finding:
    """Search test results of the model's feature code."""
    module = f"test_{evidence.model.name}_features"
    return judge_tests(evidence, module, "tests of the feature code")


def judge_tests(evidence: Evidence, module: str, what: str) -> Finding:
    """Return the finding of test results that contain a module."""
    runs = [run for run in evidence.test_runs if module in run.passed]
    failed = [run.file for run in evidence.test_runs if module in run.failed]
    finding = judge_runs(
        f"{what} ({module}.py)",
        (Seen(run.day, run.file) for run in runs),
        f"write tests/{module}.py, and let CI run `pytest --junitxml=junit-<run>.xml` into the reports folder",
    )
    return add(finding, f"failed in {failed[0]}" if failed else "")


def seen_gates(results: Iterable[GateResult]) -> list[Seen]:
    """Return where gate results can be read, without those of runs that a person triggered."""
    return [
        Seen(result.days.last, f"gate result {result.id}: contender catalog {result.table}")
        for result in results
        if not result.run.startswith("manual__")
    ]


def _ablations(evidence: Evidence) -> Iterator[tuple[Evaluation, Evaluation]]:
    """Yield a version and another one of its night whose recipe differs only in having fewer features."""
    recipes = {recipe.name: recipe for recipe in evidence.model.recipes}
    for pair in evidence.same_night():
        fewer, full = sorted(pair, key=lambda one: len(one.challenger.features))
        one, other = recipes.get(full.challenger.recipe), recipes.get(fewer.challenger.recipe)
        if one is None or other is None or one == other:
            continue
        same = one.model_copy(update={"name": other.name, "features": other.features}) == other
        if same and set(fewer.challenger.features) < set(full.challenger.features):
            yield full, fewer
