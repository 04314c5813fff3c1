"""### Judge whether the data of a model is good enough to build on.

Start it by hand, when features and labels of a history are built. **study** fits the first recipe on the newest days
before held-out blocks, compares it with the baseline and with permuted labels, and writes a report into the reports
folder. Its result is the verdict: `go`, `wait` or `no-go`, with reasons.

- It changes no table, model or record, and no other DAG waits for it. A verdict other than `go` is no failure.
- On the command line, `contender feasibility MODEL` does the same, without Airflow.
"""

from __future__ import annotations

import logging

from airflow.sdk import DAG, Param, get_current_context, task

from contender.specs import FEASIBILITY, ModelSpec
from wiring import CATALOG, Json, build_each, manual_dag, open_installation

log = logging.getLogger(__name__)

FORM = {
    "rows": Param(
        100_000,
        type="integer",
        minimum=1000,
        title="Rows",
        description="Most labelled rows that are fitted; of more, a seeded sample.",
    ),
}


@task
def study(name: str) -> Json:
    """Study the model, and write the report. Returns its place, the verdict and the reasons."""
    from contender.feasibility import keep_feasibility

    kept = keep_feasibility(open_installation(), name, get_current_context()["params"]["rows"])
    log.info("%s: %s. %s", name, kept.verdict, " ".join(kept.reasons))
    return kept.model_dump(mode="json")


def build_feasibility(model: ModelSpec) -> DAG:
    """The DAG of one model."""
    description = f"Judges whether the data of {model.name} is good enough to build on"
    with manual_dag(FEASIBILITY, model, __doc__, description, FORM) as dag:
        study(model.name)
    return dag


build_each(CATALOG.models, FEASIBILITY, build_feasibility)
