"""Makes docs/ACCESS.md: who may do what by access.yaml, and what each right comes to in each system.

What is said of Airflow, Postgres and S3 is read off the very grants that `contender access` makes for a role with
that right alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from contender.granting import dags_of, list_holders, render_postgres, wanted_roles
from contender.granting.s3 import readable_tables
from contender.specs import (
    ACTIONS,
    Access,
    Action,
    Catalog,
    May,
    Role,
    Verb,
    dag_id,
    load_access,
    parse_dag_id,
    role_name,
)

PROBE = "probe"
# Where an action can be given at all, the widest way to give it.
WIDEST: dict[Action, tuple[str, ...]] = {
    "see": ("datasets", "models", "operations"),
    "trigger": ("datasets", "models", "operations"),
    "clear": ("datasets", "models", "operations"),
    "approve": ("models",),
    "roll_back": ("models",),
    "release": ("datasets",),
    "read_pii": ("datasets", "models"),
    "edit_connections": ("installation",),
    "audit": ("installation",),
}
ON_PAGES: dict[Action, str] = {
    "see": "every page about a DAG that may be read, and its lines in lists, drawings and lineage",
    "approve": "the form that a waiting decision's page leads to takes the answer",
    "read_pii": "the rows of a batch in quarantine unmasked; each look is kept with a name",
    "audit": "the page *Audit*",
}
HEAD = """# Who may do what

One file, `include/catalog/access.yaml`, says it for Airflow, for the pages inside its UI, for the book of record in
Postgres and for the lake's bucket in S3. What it does not say is refused. It names roles and no people: who holds a
role is decided in Airflow, or by what people log in with.
"""
ACCESS_CHECK = dag_id("operations", "access")
CHANGE = f"""## To change it

    contender access show                                          # the table above, of your file
    contender access apply --reason "an approver for prices"       # Airflow's roles become what the file says
    contender access check                                         # a line a difference, and status 1 when there is one
    contender access render postgres | psql --dbname contender     # as the owner of the book's tables
    contender access render s3 --bucket lake --account 123456789012 > policy.json

1. Edit the file. A mistake is told as one line with its place and its fix; what Airflow could not keep apart within one
   role (to clear here, and to approve there) is refused.
2. `apply`, in every deployment: a new dataset or model has a new DAG, and a right on it is a permission of its own.
   What a role has beyond the file is taken away. The act is kept with name, time and reason, and stands on the page
   *Audit*.
3. Give people their role in Airflow. One role each: Airflow adds up what several roles may change.
4. `render` writes what the administrators of Postgres and S3 apply; nothing is changed by it.

Whether Airflow is still as the file says, `{ACCESS_CHECK}` looks every morning. A difference is told by mail once,
with its way out, and not again until something about it has changed. What Postgres and S3 grant is not looked at.
"""
LIMITS = """## What it does not reach

- **The FAB auth manager is needed** (`AIRFLOW__CORE__AUTH_MANAGER`): Airflow's simple manager knows no single DAGs. The
  stack of docker-compose.yaml has that simple manager, and one user.
- **The command line asks nobody.** Who runs `contender quarantine release` or `contender rollback` needs the passwords
  of the stores, and may do what these let them: people get their own roles' passwords, Airflow alone the service's.
- **In Postgres** rows of the book are kept apart by row-level security, tried against a real server. **In S3** files
  are kept apart by a bucket's policy; its words are tested, but no server that looks at a policy's principals was at
  hand.
- **A file has no masked columns**: in S3, a table with personal data is for those alone who may read it.
"""


def render_access(catalog: Catalog) -> str:
    """The page: roles by actions, what each action gives where, what each role reaches here, and how to change it."""
    access = load_access(catalog)
    parts = [
        HEAD,
        *_roles_by_actions(access),
        *_rights(catalog),
        *_reach(access, catalog),
        CHANGE,
        LIMITS.rstrip(),
    ]
    return "\n".join(parts) + "\n"


def _roles_by_actions(access: Access) -> list[str]:
    lines = [
        "## Roles and actions\n",
        f"`own models` are those whose owner's role a person holds. {_listed(access.administrators)} "
        "holds Airflow's own role Admin and may do everything; anybody else who holds it is a finding.\n",
        f"| role | {' | '.join(_words(action) for action in ACTIONS)} |",
        f"| --- |{' --- |' * len(ACTIONS)}",
    ]
    for name, role in access.roles.items():
        cells = [", ".join(map(_words, role.may.scopes(action))) or "–" for action in ACTIONS]
        lines.append(f"| **{_words(name)}** | {' | '.join(cells)} |")
    lines += ["", *(f"- **{_words(name)}**: {role.about}" for name, role in access.roles.items()), ""]
    return lines


def _rights(catalog: Catalog) -> list[str]:
    lines = [
        "## What a right comes to\n",
        "Each line is what a role has that may do this to all there is, beyond what it has that may only see it.\n",
        "| right | what it is | in Airflow | rows in Postgres | files in S3 | on the pages |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for action in ACTIONS:
        having, without = _probe(action), _probe(None if action == "see" else "see")
        cells = (
            May.model_fields[action].description or "",
            _by_verb(_permissions(having, catalog) - _permissions(without, catalog)),
            _listed(_book_tables(having, catalog) - _book_tables(without, catalog)),
            _told_files(len(_files(having, catalog) - _files(without, catalog)), catalog),
            ON_PAGES.get(action, "–"),
        )
        lines.append(f"| **{_words(action)}** | {' | '.join(cells)} |")
    everybody = _by_verb(_permissions(_probe(None), catalog))
    return [*lines, f"\n`DAG:…` are the DAGs that the right is about. Every role has {everybody}.\n"]


def _reach(access: Access, catalog: Catalog) -> list[str]:
    lines = [
        "## What a role reaches, with the datasets and models of today\n",
        "A role about own models is one role an owner.\n",
        "| role in Airflow and Postgres | sees | starts | clears | approves, rolls back, releases by | files in S3 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for holder in list_holders(access, catalog):
        on = {action: set(dags_of(holder, action, catalog)) for action in ACTIONS}
        cells = (
            f"{len(on['see'])} DAGs",
            _listed(_short(on["trigger"], catalog)),
            _listed(_short(on["clear"], catalog)),
            _listed(_short(on["approve"] | on["roll_back"] | on["release"], catalog)),
            _told_files(len(readable_tables(holder, catalog)), catalog),
        )
        lines.append(f"| `{holder.name}` | {' | '.join(cells)} |")
    return [*lines, ""]


def _probe(action: Action | None) -> Access:
    """The access of a file with one role, which may see everything and do this one thing to all there is."""
    may = {} if action is None else {"see": WIDEST["see"], action: WIDEST[action]}
    role = Role(about="has one right", may=May.model_validate(may))
    return Access(administrators=("admin",), roles={PROBE: role})


def _permissions(access: Access, catalog: Catalog) -> set[tuple[str, str]]:
    (role,) = (role for role in wanted_roles(access, catalog) if role.name == role_name(PROBE))
    return {(action, re.sub(r":.*", ":…", resource)) for action, resource in role.permissions}


def _by_verb(permissions: Iterable[tuple[str, str]]) -> str:
    verbs: dict[str, list[str]] = {}
    for verb, resource in sorted(permissions):
        verbs.setdefault(verb, []).append(resource)
    return "; ".join(f"`{verb}` on {', '.join(resources)}" for verb, resources in verbs.items()) or "–"


def _book_tables(access: Access, catalog: Catalog) -> set[str]:
    """The tables of the book that the role may read rows of, with which rows."""
    made = render_postgres(access, catalog)
    policies = re.findall(r'create policy "contender\.probe" on (\w+) for select .* using \((\w+)', made)
    return {f"{table} (all)" if condition == "true" else table for table, condition in policies}


def _files(access: Access, catalog: Catalog) -> set[str]:
    (holder,) = list_holders(access, catalog)
    return set(readable_tables(holder, catalog))


def _told_files(tables: int, catalog: Catalog) -> str:
    return f"of {tables} tables of {len(catalog.tables)}" if tables else "–"


def _short(dags: Iterable[str], catalog: Catalog) -> set[str]:
    """The DAGs; a verb's DAGs of all datasets, or of all models, as one."""
    kinds: dict[str, set[str]] = {}
    for dag in dags:
        kinds.setdefault(parse_dag_id(dag).verb, set()).add(dag)
    short: set[str] = set()
    for verb, found in kinds.items():
        names = {parse_dag_id(dag).subject for dag in found}
        whole = {"<dataset>": set(catalog.datasets), "<model>": set(catalog.models)}
        every = [dag_id(cast("Verb", verb), kind) for kind, all_names in whole.items() if names == all_names]
        short |= set(every) or found
    return short


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "–"


def _words(name: str) -> str:
    return name.replace("_", " ")
