"""Grant: from access.yaml to Airflow's roles, to grants in Postgres and to policies in S3, and how they differ."""

from contender.granting.apply import GrantError, apply_roles
from contender.granting.holders import Holder, dags_of, list_holders, models_of, tables_of
from contender.granting.roles import Difference, find_differences, wanted_roles

__all__ = [
    "Difference",
    "GrantError",
    "Holder",
    "apply_roles",
    "dags_of",
    "find_differences",
    "list_holders",
    "models_of",
    "tables_of",
    "wanted_roles",
]
