"""Who may do what: the roles of `access.yaml`, from which Airflow's roles, grants and policies are made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from contender.specs.catalog import Catalog
from contender.specs.columns import Name, Text
from contender.specs.frozen import Frozen
from contender.specs.mistakes import CatalogError, explain

ACCESS_FILE = "access.yaml"
LONGEST_ROLE = 63  # characters of a role's name that Airflow and Postgres both keep

Action = Literal[
    "see", "trigger", "clear", "approve", "roll_back", "release", "read_pii", "edit_connections", "audit"
]
Scope = Literal["datasets", "models", "own_models", "operations", "installation"]

_Workflows = tuple[Literal["datasets", "models", "own_models", "operations"], ...]
_Models = tuple[Literal["models", "own_models"], ...]
_Tables = tuple[Literal["datasets", "models", "own_models"], ...]
_Whole = tuple[Literal["installation"], ...]


class May(Frozen):
    """What a role may do, and to what. An action that is left out is refused."""

    see: _Workflows = Field(default=(), description="the DAGs, their runs and pages")
    trigger: _Workflows = Field(default=(), description="start a run by hand")
    clear: _Workflows = Field(default=(), description="run tasks again")
    approve: _Models = Field(default=(), description="answer what a retrain DAG asks a person")
    roll_back: _Models = Field(default=(), description="decide by hand which version serves")
    release: tuple[Literal["datasets"], ...] = Field(
        default=(), description="settle a batch that failed its gate"
    )
    read_pii: _Tables = Field(default=(), description="columns with personal data, unmasked")
    edit_connections: _Whole = Field(default=(), description="Airflow's connections, passwords among them")
    audit: _Whole = Field(default=(), description="what people did, with name, time and reason")

    def scopes(self, action: Action) -> tuple[Scope, ...]:
        """What the action may be done to."""
        found: tuple[Scope, ...] = getattr(self, action)
        return found

    @model_validator(mode="after")
    def _seen(self) -> May:
        for action in ("trigger", "clear", "approve", "roll_back", "release", "read_pii"):
            for scope in self.scopes(action):
                if not _covers(self.see, scope):
                    raise ValueError(
                        f"{action}: {scope} may not be seen by this role: add {scope} to `see`, or remove it here"
                    )
        return self

    @model_validator(mode="after")
    def _told_apart_by_airflow(self) -> May:
        # To clear and to approve are rights on all DAGs that a role may change at all, and so is not less.
        if self.clear:
            for scope in (*self.trigger, *self.approve):
                if not _covers(self.clear, scope):
                    raise ValueError(
                        f"clear: lacks {scope}, which this role may start or approve: Airflow cannot tell these rights "
                        f"apart within a role: add {scope}, or make two roles"
                    )
        if self.approve:
            for scope in (*self.trigger, *self.clear):
                if scope in ("models", "own_models") and not _covers(self.approve, scope):
                    raise ValueError(
                        f"approve: lacks {scope}, which this role may start or clear: Airflow cannot tell these rights "
                        f"apart within a role: add {scope}, or make two roles"
                    )
        return self


class Role(Frozen):
    """One role: for whom it is, and what they may do."""

    about: Text
    may: May

    @property
    def of_owners(self) -> bool:
        """Whether it is about a model's own people, and so becomes one role an owner."""
        return any("own_models" in self.may.scopes(action) for action in ACTIONS)


class Access(Frozen):
    """Everybody's rights in an installation."""

    administrators: tuple[Text, ...] = Field(
        min_length=1, description="users who hold Airflow's own role Admin, and so may do everything"
    )
    roles: Annotated[dict[Name, Role], Field(min_length=1)]


ACTIONS: tuple[Action, ...] = tuple(May.model_fields)  # type: ignore[arg-type]


def load_access(catalog: Catalog) -> Access:
    """Read `access.yaml` of the catalog. Raises CatalogError with every mistake found."""
    path = catalog.home / ACCESS_FILE
    if not path.is_file():
        raise CatalogError([f"{ACCESS_FILE}: not found in {catalog.home}: write it; docs/ACCESS.md says how"])
    access = _read(path)
    if mistakes := _too_long(access, catalog):
        raise CatalogError(mistakes)
    return access


def _read(path: Path) -> Access:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise CatalogError(
            [f"{ACCESS_FILE}: {line}{getattr(error, 'problem', None) or error}: mend the YAML"]
        ) from None
    except UnicodeDecodeError as error:
        raise CatalogError([f"{ACCESS_FILE}: is no UTF-8 text ({error.reason}): save it as UTF-8"]) from None
    if not isinstance(content, dict):
        raise CatalogError([f"{ACCESS_FILE}: holds no fields: begin with `administrators:` and `roles:`"])
    try:
        return Access.model_validate(content)
    except ValidationError as error:
        raise CatalogError([f"{ACCESS_FILE}: {_as_yaml(line)}" for line in explain(error, Access)]) from None


def _as_yaml(line: str) -> str:
    """The line as it is for YAML, where others are for Python."""
    line = line.replace("=...`", ": ...`").replace(".[key]", "")
    return re.sub(r"write \('(.*)',\)$", r"write [\1]", line)


def _too_long(access: Access, catalog: Catalog) -> list[str]:
    owners = {model.owner for model in catalog.models.values()}
    return [
        f"{ACCESS_FILE}: roles.{name}: with the owner {owner} its name in Airflow is {length} characters long: "
        f"shorten it by {length - LONGEST_ROLE}"
        for name, role in access.roles.items()
        if role.of_owners
        for owner in sorted(owners)
        if (length := len(role_name(name, owner))) > LONGEST_ROLE
    ]


def role_name(role: str, owner: str | None = None) -> str:
    """What a role is called in Airflow; one that is about own models carries their owner's name."""
    return f"contender.{role}" if owner is None else f"contender.{role}.{owner}"


def _covers(scopes: tuple[Scope, ...], scope: Scope) -> bool:
    return scope in scopes or (scope == "own_models" and "models" in scopes)


class _OnceLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads plain data, and refuses a key that is given twice: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build the mapping. Raises ConstructorError for a key that is there already."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} is given twice, and only one would count", key.start_mark
                )
            seen.add(key.value)
        found: Mapping[Any, Any] = super().construct_mapping(node, deep=deep)
        return dict(found)
