"""Generate docs/ACCESS.md: the rights of each role in access.yaml, and their permissions in each system.

The permissions in Airflow, Postgres and S3 are those that `contender access` generates for a role with only that right.
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
# The widest scopes of each action.
WIDEST: dict[Action, tuple[str, ...]] = {
    "see": ("datasets", "models", "operations"),
    "trigger": ("datasets", "models", "operations"),
    "clear": ("datasets", "models", "operations"),
    "approve": ("models",),
    "roll_back": ("models",),
    "release": ("datasets",),
    "read_pii": ("datasets", "models"),
    "predict": ("models",),
    "edit_connections": ("installation",),
    "audit": ("installation",),
}
ON_PAGES: dict[Action, str] = {
    "see": "all pages about readable DAGs, and their entries in lists, charts and lineage",
    "approve": "the form of a waiting proposal accepts an answer",
    "read_pii": "unmasked rows of quarantined batches; each view is recorded with the user's name",
    "audit": "the page *Audit*",
}
HEAD = """# Access

The file `include/catalog/access.yaml` defines roles and their rights in Airflow, on Contender's pages in its UI, in the
book of record in Postgres, and in the lake's S3 bucket. Rights that are not listed are denied. Users are assigned to
roles in Airflow or in the identity provider.
"""
ACCESS_CHECK = dag_id("operations", "access")
CHANGE = f"""## Changing access

    contender access show                                          # the table above, of your file
    contender access apply --reason "an approver for prices"       # create and update Airflow's roles
    contender access check                                         # list differences; exit status 1 if there are any
    contender access render postgres | psql --dbname contender     # as the owner of the book's tables
    contender access render s3 --bucket lake --account 123456789012 > policy.json

1. Edit the file. Each mistake is reported in one line with its field and fix. Rights that Airflow cannot separate
   within one role, such as clearing some DAGs and approving others, are rejected.
2. Run `apply` with every deployment: a new dataset or model has new DAGs, which need permissions of their own.
   Permissions that are not in the file are removed. The act is recorded with name, time and reason, and shown on the
   page *Audit*.
3. Assign users to roles in Airflow, one role per user: Airflow combines the rights of several roles.
4. Let the administrators of Postgres and S3 apply the output of `render`; the command itself changes nothing.

`{ACCESS_CHECK}` compares Airflow with the file every morning, and mails each new difference once, with its fix. Grants
in Postgres and S3 are not checked.
"""
KEYS = """## API keys

Applications request [online predictions](SERVING.md#access) with API keys, not as users. `contender access key` creates
one; `keys` contains its SHA-256, a role with the right `predict`, and optionally the models that it is limited to.
"""
LIMITS = """## Limits

- **The FAB auth manager is required** (`AIRFLOW__CORE__AUTH_MANAGER`): Airflow's simple auth manager has no permissions
  per DAG. The container stack of docker-compose.yaml uses the simple auth manager with one user.
- **The command line does not check roles.** `contender quarantine release` and `contender rollback` need the passwords
  of the stores, and may do what these allow. Give users the passwords of their own roles, and only Airflow the
  service's.
- **Postgres** separates rows of the book by row-level security, which is tested with a real server. **S3** separates
  files by the bucket policy; its text is tested, but not its enforcement.
- **Columns of files cannot be masked**: in S3, tables with personal data require the right to read personal data.
"""


def render_access(catalog: Catalog) -> str:
    """Return the page: roles and actions, the permissions of each action, the reach of each role, and how-tos."""
    access = load_access(catalog)
    parts = [
        HEAD,
        *_roles_by_actions(access),
        *_rights(catalog),
        *_reach(access, catalog),
        CHANGE,
        KEYS,
        LIMITS.rstrip(),
    ]
    return "\n".join(parts) + "\n"


def _roles_by_actions(access: Access) -> list[str]:
    lines = [
        "## Roles and actions\n",
        f"`own models` are the models of the owner in the role's name. {_listed(access.administrators)} "
        "has Airflow's Admin role and may do everything; the access check reports any other user with it.\n",
        f"| role | {' | '.join(_title(action) for action in ACTIONS)} |",
        f"| --- |{' --- |' * len(ACTIONS)}",
    ]
    for name, role in access.roles.items():
        cells = [", ".join(map(_title, role.may.scopes(action))) or "–" for action in ACTIONS]
        lines.append(f"| **{_title(name)}** | {' | '.join(cells)} |")
    lines += ["", *(f"- **{_title(name)}**: {role.about}" for name, role in access.roles.items()), ""]
    return lines


def _rights(catalog: Catalog) -> list[str]:
    lines = [
        "## Permissions of each right\n",
        "Each row lists the permissions of a role with this right in all scopes, in addition to those of `see`.\n",
        "| right | description | in Airflow | rows in Postgres | files in S3 | on the pages |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for action in ACTIONS:
        having, without = _probe(action), _probe(None if action == "see" else "see")
        cells = (
            May.model_fields[action].description or "",
            _by_verb(_permissions(having, catalog) - _permissions(without, catalog)),
            _listed(_book_tables(having, catalog) - _book_tables(without, catalog)),
            _describe_files(len(_files(having, catalog) - _files(without, catalog)), catalog),
            ON_PAGES.get(action, "–"),
        )
        lines.append(f"| **{_title(action)}** | {' | '.join(cells)} |")
    common = _by_verb(_permissions(_probe(None), catalog))
    return [*lines, f"\n`DAG:…` are the DAGs in the scope of the right. Every role has {common}.\n"]


def _reach(access: Access, catalog: Catalog) -> list[str]:
    lines = [
        "## Reach of each role in this catalog\n",
        "A role with the scope `own_models` becomes one role per owner.\n",
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
            _describe_files(len(readable_tables(holder, catalog)), catalog),
        )
        lines.append(f"| `{holder.name}` | {' | '.join(cells)} |")
    return [*lines, ""]


def _probe(action: Action | None) -> Access:
    """Return an access file with one role, which may see everything and perform one action in all scopes."""
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
    """Return the tables of the book that the role may read, marked if it may read all rows."""
    sql = render_postgres(access, catalog)
    policies = re.findall(r'create policy "contender\.probe" on (\w+) for select .* using \((\w+)', sql)
    return {f"{table} (all)" if condition == "true" else table for table, condition in policies}


def _files(access: Access, catalog: Catalog) -> set[str]:
    (holder,) = list_holders(access, catalog)
    return set(readable_tables(holder, catalog))


def _describe_files(tables: int, catalog: Catalog) -> str:
    return f"{tables} of {len(catalog.tables)} tables" if tables else "–"


def _short(dags: Iterable[str], catalog: Catalog) -> set[str]:
    """Return the DAGs, with a verb's DAGs of all datasets or all models as one entry."""
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


def _title(name: str) -> str:
    return name.replace("_", " ")
