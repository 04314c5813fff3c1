"""### Compute the logged online predictions of yesterday again, by batch scoring.

`contender serve` logs its answers in the lake (`CONTENDER_REQUEST_LOG_SHARE`). Once a day, **check** does the following
for each model:

- read the features that were looked up again from their snapshot, and predict all logged rows by the code of the
  nightly scoring;
- compare features and predictions to the last bit; if any differ, open an incident that names version, row and numbers;
- merge the files of the checked days.

Days to which a server added rows later are checked again. A model without logged answers has nothing to check.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import task

from alerts import deliver
from wiring import CATALOG, Json, dump_all, open_installation, operation_dag


@task(map_index_template="{{ task.op_kwargs['model'] }}")
def check(model: str) -> list[Json]:
    """Check one model's logged answers. Returns what was found by day."""
    from contender.serving.nightly import check_log

    checks = check_log(open_installation(), CATALOG.model(model), datetime.now(UTC))
    if any(one.differing for one in checks):
        deliver()
    return dump_all(checks)


with operation_dag(
    "requests", __doc__, "30 0 * * *", "Compares logged online predictions with batch scoring, bit by bit"
):
    check.expand(model=list(CATALOG.models))
