"""Hold a model's features whose columns changed as those of a broken feed do: before any run scores them."""

from __future__ import annotations

from contender.installation import Installation
from contender.records import ExpectationResult, GateResult, StagedBatch
from contender.specs import Catalog, ModelSpec

EXPECTATION = "no feed is broken: its columns are like those of the recent days"


def hold_broken_feed(here: Installation, batch: StagedBatch, judged: GateResult) -> GateResult:
    """Return the gate result of a batch, failed if monitoring would call its day a broken feed.

    Applies to a single day of the features of a model whose spec sets `hold_broken_feed`.
    """
    model = _find_model(here.catalog, batch.table)
    if model is None or not batch.days.is_single:
        return judged
    from contender.monitoring import Signals, compare_staged, triage

    changes = compare_staged(here, model, batch)
    found = triage(Signals(changes=changes, drift=None, rise=None), model.monitoring)
    broken = found.name == "broken_feed"
    result = ExpectationResult(
        expectation=EXPECTATION,
        columns=tuple(change.column for change in changes.changed) if broken else (),
        verdict="fail" if broken else "pass",
        observed=found.why if broken else f"{changes.compared} columns compared",
    )
    owners = tuple(source.contract.owner for source in here.catalog.sources(model))
    return judged.model_copy(
        update={
            "expectations": (*judged.expectations, result),
            "verdict": "fail" if broken else judged.verdict,
            "owners_of_inputs": owners if broken else (),
        }
    )


def _find_model(catalog: Catalog, table: str) -> ModelSpec | None:
    """Return the model with this table of features, if its spec sets `hold_broken_feed`."""
    namespace, _, name = table.partition(".")
    model = catalog.models.get(name) if namespace == "features" else None
    return model if model is not None and model.monitoring.hold_broken_feed else None
