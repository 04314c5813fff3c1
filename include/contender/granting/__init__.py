"""Generate Airflow roles, Postgres grants and S3 policies from access.yaml, and find differences in Airflow."""

from contender.granting.apply import GrantError, apply_roles
from contender.granting.holders import Holder, dags_of, list_holders, models_of, tables_of
from contender.granting.postgres import render_postgres
from contender.granting.roles import Difference, compare_roles, find_differences, wanted_roles
from contender.granting.s3 import iam_name, render_s3

__all__ = [
    "Difference",
    "GrantError",
    "Holder",
    "apply_roles",
    "compare_roles",
    "dags_of",
    "find_differences",
    "iam_name",
    "list_holders",
    "models_of",
    "render_postgres",
    "render_s3",
    "tables_of",
    "wanted_roles",
]
