"""The roles of `access.yaml`, from which Airflow roles, database grants and storage policies are generated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from contender.specs.catalog import Catalog
from contender.specs.columns import DIGEST_PATTERN, Name, Text
from contender.specs.frozen import Frozen
from contender.specs.mistakes import CatalogError, explain

ACCESS_FILE = "access.yaml"
LONGEST_ROLE = 63  # maximum length of a role name in both Airflow and Postgres

Action = Literal[
    "see",
    "trigger",
    "clear",
    "approve",
    "roll_back",
    "release",
    "read_pii",
    "predict",
    "edit_connections",
    "audit",
]
Scope = Literal["datasets", "models", "own_models", "operations", "installation"]

_Workflows = tuple[Literal["datasets", "models", "own_models", "operations"], ...]
_Models = tuple[Literal["models", "own_models"], ...]
_Tables = tuple[Literal["datasets", "models", "own_models"], ...]
_Whole = tuple[Literal["installation"], ...]


class May(Frozen):
    """The actions that a role may perform, each with its scopes. Actions that are not listed are denied."""

    see: _Workflows = Field(default=(), description="view DAGs, their runs and pages")
    trigger: _Workflows = Field(default=(), description="start a run by hand")
    clear: _Workflows = Field(default=(), description="run tasks again")
    approve: _Models = Field(default=(), description="approve or reject proposals of a retrain DAG")
    roll_back: _Models = Field(default=(), description="roll back a model, and resume its refreshes")
    release: tuple[Literal["datasets"], ...] = Field(
        default=(), description="release or discard a quarantined batch"
    )
    read_pii: _Tables = Field(default=(), description="read personal data unmasked")
    predict: _Models = Field(default=(), description="request predictions with an API key")
    edit_connections: _Whole = Field(default=(), description="edit Airflow connections, including passwords")
    audit: _Whole = Field(default=(), description="read the audit log of people's actions")

    def scopes(self, action: Action) -> tuple[Scope, ...]:
        """Return the scopes in which the role may perform the action."""
        found: tuple[Scope, ...] = getattr(self, action)
        return found

    @model_validator(mode="after")
    def _check_visibility(self) -> May:
        for action in ("trigger", "clear", "approve", "roll_back", "release", "read_pii"):
            for scope in self.scopes(action):
                if not _covers(self.see, scope):
                    raise ValueError(
                        f"{action}: this role may not see {scope}: add {scope} to `see`, or remove it here"
                    )
        return self

    @model_validator(mode="after")
    def _check_airflow_rights(self) -> May:
        # In Airflow, the rights to clear and to approve apply to every DAG that the role may edit.
        if self.clear:
            for scope in (*self.trigger, *self.approve):
                if not _covers(self.clear, scope):
                    raise ValueError(
                        f"clear: lacks {scope}, which this role may start or approve: Airflow cannot separate these "
                        f"rights within a role: add {scope}, or split the role in two"
                    )
        if self.approve:
            for scope in (*self.trigger, *self.clear):
                if scope in ("models", "own_models") and not _covers(self.approve, scope):
                    raise ValueError(
                        f"approve: lacks {scope}, which this role may start or clear: Airflow cannot separate these "
                        f"rights within a role: add {scope}, or split the role in two"
                    )
        return self


class Role(Frozen):
    """A role: its purpose and its rights."""

    about: Text
    may: May

    @property
    def of_owners(self) -> bool:
        """Whether any right is scoped to `own_models`, so that Airflow needs one role per model owner."""
        return any("own_models" in self.may.scopes(action) for action in ACTIONS)


class ApiKey(Frozen):
    """An API key of `contender serve`: the digest of a secret, and the role by which it may request predictions."""

    role: Name
    sha256: Annotated[str, Field(pattern=DIGEST_PATTERN)]
    owner: Text | None = Field(default=None, description="owner of the models, for a role with `own_models`")
    models: tuple[Name, ...] | None = Field(default=None, description="limits the key to these models")


class Access(Frozen):
    """The administrators and roles of an installation."""

    administrators: tuple[Text, ...] = Field(
        min_length=1, description="users with Airflow's Admin role, who may do everything"
    )
    roles: Annotated[dict[Name, Role], Field(min_length=1)]
    keys: dict[Name, ApiKey] = Field(
        default_factory=dict, description="API keys of `contender serve`, by name"
    )


ACTIONS: tuple[Action, ...] = tuple(May.model_fields)  # type: ignore[arg-type]


def load_access(catalog: Catalog) -> Access:
    """Read the catalog's `access.yaml`. Raises CatalogError with all mistakes."""
    path = catalog.home / ACCESS_FILE
    if not path.is_file():
        raise CatalogError([f"{ACCESS_FILE}: not found in {catalog.home}: create it, see docs/ACCESS.md"])
    access = _read(path)
    if mistakes := [*_find_long_names(access, catalog), *find_wrong_keys(access, catalog)]:
        raise CatalogError(mistakes)
    return access


def _read(path: Path) -> Access:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise CatalogError(
            [f"{ACCESS_FILE}: {line}{getattr(error, 'problem', None) or error}: correct the YAML"]
        ) from None
    except UnicodeDecodeError as error:
        raise CatalogError([f"{ACCESS_FILE}: is not UTF-8 text ({error.reason}): save it as UTF-8"]) from None
    if not isinstance(content, dict):
        raise CatalogError([f"{ACCESS_FILE}: has no fields: start with `administrators:` and `roles:`"])
    try:
        return Access.model_validate(content)
    except ValidationError as error:
        raise CatalogError([f"{ACCESS_FILE}: {_as_yaml(line)}" for line in explain(error, Access)]) from None


def _as_yaml(line: str) -> str:
    """Return a mistake with its Python syntax replaced by YAML syntax."""
    line = line.replace("=...`", ": ...`").replace(".[key]", "").replace("is not a tuple", "is not a list")
    return re.sub(r"write \('(.*)',\)$", r"write [\1]", line)


def _find_long_names(access: Access, catalog: Catalog) -> list[str]:
    owners = {model.owner for model in catalog.models.values()}
    return [
        f"{ACCESS_FILE}: roles.{name}: its Airflow name with the owner {owner} has {length} characters: "
        f"shorten it by {length - LONGEST_ROLE}"
        for name, role in access.roles.items()
        if role.of_owners
        for owner in sorted(owners)
        if (length := len(role_name(name, owner))) > LONGEST_ROLE
    ]


def find_wrong_keys(access: Access, catalog: Catalog) -> Iterator[str]:
    """Yield a line for each mistake in the keys."""
    owners = {model.owner for model in catalog.models.values()}
    digests = [key.sha256 for key in access.keys.values()]
    for name, key in access.keys.items():
        where = f"{ACCESS_FILE}: keys.{name}"
        role = access.roles.get(key.role)
        if role is None:
            yield f"{where}.role: unknown role {key.role!r}: use one of {', '.join(access.roles)}"
        elif not role.may.predict:
            yield f"{where}.role: {key.role} may not predict: add `predict` to its rights, or use another role"
        elif role.may.predict == ("own_models",) and key.owner not in owners:
            yield f"{where}.owner: must be an owner of models: use one of {', '.join(sorted(owners))}"
        for model in key.models or ():
            if model not in catalog.models:
                yield f"{where}.models: unknown model {model!r}: use one of {', '.join(catalog.models)}"
        if digests.count(key.sha256) > 1:
            yield f"{where}.sha256: another key has the same digest: create a key with `contender access key`"


def role_name(role: str, owner: str | None = None) -> str:
    """Return a role's name in Airflow. The name of a role with scope `own_models` includes the owner."""
    return f"contender.{role}" if owner is None else f"contender.{role}.{owner}"


def _covers(scopes: tuple[Scope, ...], scope: Scope) -> bool:
    return scope in scopes or (scope == "own_models" and "models" in scopes)


class _OnceLoader(yaml.SafeLoader):  # type: ignore[misc]
    """A safe loader that rejects duplicate keys, of which YAML would silently use the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build the mapping. Raises ConstructorError for a duplicate key."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} is given twice, and only one would be used", key.start_mark
                )
            seen.add(key.value)
        found: Mapping[Any, Any] = super().construct_mapping(node, deep=deep)
        return dict(found)
