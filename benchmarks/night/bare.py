"""One night in one process by this project's functions, without a scheduler: `bare.py HOME NIGHT`.

Prints one line of JSON: CPU seconds by step, peak memory, and what the night predicted and decided.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from datetime import date, timedelta
from pathlib import Path

from benchmarks.night.steps import Steps

steps = Steps()
with steps.measure("imports"):
    import skops.io  # noqa: F401 - first, as in the scheduler: it inspects all modules that are imported by then

    import contender.gating
    import contender.monitoring.report
    from benchmarks.night.history import DAILY, MODEL
    from contender.admission import gate_batch, publish_batch, receive_batch, starts_downstream
    from contender.batch_scoring import score_by_ledger
    from contender.featurizing import collect, plan_features, run_in_process
    from contender.installation import Installation
    from contender.monitoring import compare_day, keep_conclusion, measure_performance
    from contender.records import Decision, StagedBatch
    from contender.retraining import (
        InstalledStores,
        decide,
        evaluate_versions,
        fit_version,
        pair_streams,
        promote,
        score_in_shadow,
    )
    from contender.settings import Settings
    from contender.specs import Days


def main(home: Path, night: date) -> dict[str, object]:
    """Run a night and return what it predicted and decided."""
    here = Installation(Settings(home=home))
    run = f"night {night}"
    for name, lead in DAILY.items():
        with steps.measure("ingest"):
            days = Days.one(night + timedelta(days=lead))
            _admit(here, receive_batch(here, name, days, None), run)
    stores = InstalledStores(here, here.catalog.model(MODEL))
    _build_features(stores, night, run)
    with steps.measure("score"):
        served = score_by_ledger(here, stores.model, Days.one(night))
        _admit(here, served, run)
    entered, shadow = _retrain(stores, night, run)
    _monitor(stores, night, run)
    return {
        "decisions": [[decision.kind, decision.champion_after] for decision in entered],
        "served": [file.path for file in served.files],
        "shadow": [file.path for file in shadow.files],
    }


def _build_features(stores: InstalledStores, night: date, run: str) -> None:
    here, model = stores.installation, stores.model
    with steps.measure("build"), contextlib.redirect_stdout(sys.stderr):
        plan = plan_features(here.catalog, model, Days.one(night), here.lake, here.settings)
        run_in_process(plan)
    with steps.measure("admit features"):
        for batch in collect(model, plan, here.settings).values():
            _admit(here, batch, run)


def _retrain(stores: InstalledStores, night: date, run: str) -> tuple[tuple[Decision, ...], StagedBatch]:
    with steps.measure("train"):
        versions = tuple(fit_version(stores, recipe.name, night) for recipe in stores.model.recipes)
    with steps.measure("evaluate"):
        evaluations = evaluate_versions(stores, versions)
    with steps.measure("pair and decide"):
        evidence = pair_streams(stores, night, versions)
        entered, _ = promote(stores, decide(stores, evaluations, evidence))
    with steps.measure("score in shadow"):
        shadow = score_in_shadow(stores, night, versions)
        _admit(stores.installation, shadow, run)
    return entered, shadow


def _monitor(stores: InstalledStores, night: date, run: str) -> None:
    here, model = stores.installation, stores.model
    with steps.measure("monitor"):
        performance, changes = measure_performance(here, model, night), compare_day(here, model, night)
        monitored = keep_conclusion(model, performance, changes, run, here.book)
    with steps.measure("drift report"):
        contender.monitoring.report.draw_report(here, model, monitored)


def _admit(here: Installation, batch: StagedBatch, run: str) -> None:
    result = gate_batch(here, batch, run)
    if result.verdict == "fail":
        raise SystemExit(f"{batch.table} {batch.days.key} failed its gate: {result.failed}, {result.defects}")
    starts_downstream(here, publish_batch(here, batch, run))


if __name__ == "__main__":
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    print(steps.report(main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))))
