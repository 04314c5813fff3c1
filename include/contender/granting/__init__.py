"""Grant: from access.yaml to Airflow's roles, to grants in Postgres and to policies in S3, and how they differ."""

from contender.granting.apply import GrantError, apply_roles
from contender.granting.holders import Holder, dags_of, list_holders, models_of, tables_of
from contender.granting.postgres import render_postgres
from contender.granting.roles import Difference, compare_roles, find_differences, wanted_roles
from contender.granting.s3 import allow_reading, iam_name, render_s3

__all__ = [
    "Difference",
    "GrantError",
    "Holder",
    "allow_reading",
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
