"""Grants on the book of record in Postgres: a person reads what their role may see, and nobody unwrites anything."""

from __future__ import annotations

from collections.abc import Iterable

from contender.granting.holders import Holder, list_holders, models_of, tables_of
from contender.specs import Access, Catalog

SERVICE = "contender.service"  # who Airflow's tasks and the command line write as

# What the column `subject` of each of the book's tables names, and so who may read a row.
OF_TABLES = ("gate_results", "publications", "profiles")
OF_MODELS = (
    *("evaluations", "ledger", "paired_days", "monitored", "caveats", "proposals"),
    *("trained_versions", "pins"),
)
OF_NEITHER = ("acts", "alerts", "documents")
# What is written once, and what is brought up to date in which columns.
UPDATED = {
    "publications": ("state",),
    "alerts": ("leased_until", "state", "record"),
    "proposals": ("state", "at", "record"),
}
REVISION = "alembic_version"


def render_postgres(access: Access, catalog: Catalog) -> str:
    """SQL that an administrator of the database runs as the owner of the book's tables, again after each change.

    The service may add rows and never take any away, nor change the ledger or the acts. A person's role reads rows
    about what it may see, by row-level security; the acts are for those who may audit. Nobody's password is in it.
    """
    holders = list_holders(access, catalog)
    names = [SERVICE, *(holder.name for holder in holders)]
    everything = (*OF_TABLES, *OF_MODELS, *OF_NEITHER)
    lines = [
        "-- Made by `contender access render postgres` from access.yaml: run it as the owner of the book's tables.",
        "begin;",
        *(_create(name) for name in names),
        f"revoke all on all tables in schema public from public, {_listed(names)};",
        f"grant usage on schema public to {_listed(names)};",
        f"grant select on {REVISION} to {_listed(names)};",
        f"grant select, insert on {', '.join(everything)} to {_quoted(SERVICE)};",
        *(
            f"grant update ({', '.join(columns)}) on {t} to {_quoted(SERVICE)};"
            for t, columns in UPDATED.items()
        ),
    ]
    for table in everything:
        lines += [f"alter table {table} enable row level security;", *_drop_policies(table)]
        lines.append(
            f"create policy {_quoted(SERVICE)} on {table} to {_quoted(SERVICE)} using (true) with check (true);"
        )
    for holder in holders:
        lines += _reading(holder, catalog)
    return "\n".join([*lines, "commit;", ""])


def _reading(holder: Holder, catalog: Catalog) -> Iterable[str]:
    if holder.grants.may.audit:
        for table in ("acts", "ledger"):
            yield from _policy(holder, table, "true")
    tables, models = tables_of(holder, "see", catalog), models_of(holder, "see", catalog)
    for table in OF_TABLES if tables else ():
        yield from _policy(holder, table, f"subject in ({_literals(tables)})")
    for table in OF_MODELS if models else ():
        if not (table == "ledger" and holder.grants.may.audit):
            yield from _policy(holder, table, f"subject in ({_literals(models)})")


def _policy(holder: Holder, table: str, condition: str) -> Iterable[str]:
    name = _quoted(holder.name)
    yield f"grant select on {table} to {name};"
    yield f"create policy {name} on {table} for select to {name} using ({condition});"


def _create(name: str) -> str:
    return (
        f"do $$ begin if not exists (select from pg_roles where rolname = {_literal(name)}) "
        f"then create role {_quoted(name)} nologin; end if; end $$;"
    )


def _drop_policies(table: str) -> Iterable[str]:
    # Of roles that left the file, too.
    yield (
        # A table's name is one of this file's, and values are quoted.
        "do $$ declare p record; begin for p in select policyname from pg_policies where schemaname = 'public' "  # noqa: S608
        f"and tablename = {_literal(table)} and policyname like 'contender.%' "
        f"loop execute format('drop policy %I on {table}', p.policyname); end loop; end $$;"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _literals(values: Iterable[str]) -> str:
    return ", ".join(_literal(value) for value in values)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
