"""The newest run of each step of a night, from Airflow's database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import or_, select

from contender.specs import DaysError, resolve_days

if TYPE_CHECKING:
    from contender.planning import SeenRun
    from contender.records import Step

# A run that was started with the form *Day* has no partition key: it is among those of the last days.
BY_HAND = timedelta(days=3)


def find_runs(steps: Collection[Step]) -> dict[Step, SeenRun]:
    """Return the newest run of each step that has one, in one query."""
    from contender.planning import SeenRun

    wanted = {(step.dag, step.days.key): step for step in steps if step.days is not None}
    if not wanted:
        return {}
    lately = DagRun.partition_key.is_(None) & (DagRun.queued_at > datetime.now(UTC) - BY_HAND)
    query = (
        select(DagRun.dag_id, DagRun.run_id, DagRun.state, DagRun.partition_key, DagRun.conf)
        .where(DagRun.dag_id.in_({dag for dag, _ in wanted}))
        .where(or_(DagRun.partition_key.in_({days for _, days in wanted}), lately))
        .order_by(DagRun.id)
    )
    with create_session() as session:
        rows = session.execute(query).all()
    found = {}
    for dag, run_id, state, key, conf in rows:
        step = wanted.get((dag, read_days(key, conf)))
        if step is not None:
            found[step] = SeenRun(run_id=run_id, state=str(state))
    return found


def read_days(partition_key: str | None, conf: object) -> str:
    """Return the days of a run, as the tasks read them; empty if it has none."""
    try:
        return resolve_days(partition_key, conf if isinstance(conf, dict) else {}).key
    except DaysError:
        return ""
