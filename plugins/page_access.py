"""Who may see which page: whoever may read the DAG that a page is about, as Airflow's auth manager says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.models.dag import DagModel
from fastapi import HTTPException


def readable_dags(dag_ids: Iterable[str], user: Any) -> set[str]:
    """Those of the DAGs that the user may read."""
    wanted = set(dag_ids)
    teams = DagModel.get_dag_id_to_team_name_mapping(sorted(wanted))
    by_team: dict[str | None, set[str]] = defaultdict(set)
    for dag_id in wanted:
        by_team[teams.get(dag_id)].add(dag_id)
    manager = get_auth_manager()
    return {
        dag_id
        for team, ids in by_team.items()
        for dag_id in manager.filter_authorized_dag_ids(dag_ids=ids, user=user, team_name=team)
    }


def require_dag(dag_id: str, user: Any) -> None:
    """Refuse the page, with 403, to a user who may not read the DAG."""
    if dag_id not in readable_dags([dag_id], user):
        raise HTTPException(
            403,
            f"This page is for those who may read the DAG {dag_id}. Ask whoever grants roles in this Airflow.",
        )
