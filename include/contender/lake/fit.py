"""Whether a table has the columns that its contract promises, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table

from contender.lake import places
from contender.lake.schema import arrow_schema, column_types
from contender.records import StagedFile
from contender.specs import Contract

VERSION = "contender.contract-version"


class LakeError(RuntimeError):
    """The lake cannot do what was asked; the message says why."""


def version_of(table: Table) -> int:
    """The version of the contract that a table was made for, or last brought to."""
    return int(table.properties.get(VERSION, "1"))


def find_mismatch(table: Table, contract: Contract) -> str | None:
    """Why a batch of this contract must not become part of the table, in a line; None when it may."""
    if trouble := find_undeclared(table, contract):
        return trouble
    if version_of(table) < contract.version:
        return (
            f"{contract.table} is at version {version_of(table)} and its contract at {contract.version}: "
            "run `contender migrate`"
        )
    return None


def find_undeclared(table: Table, contract: Contract) -> str | None:
    """What no declared change of the contract explains, in a line; None when there is nothing."""
    version = version_of(table)
    if version > contract.version:
        return (
            f"{contract.table} is at version {version} and its contract at {contract.version}: "
            "somebody migrated it to a newer contract: use that one"
        )
    held, promised = column_types(table.schema()), contract.types_at(version)
    if held == promised:
        return None
    return f"{contract.table} {_difference(held, promised)}: {_way_out(contract)}"


def find_stale(contract: Contract, files: Iterable[StagedFile]) -> str | None:
    """Why staged files are not of this contract, in a line; None when all are."""
    wanted = arrow_schema(contract)
    if all(_columns_of(file).equals(wanted) for file in files if file.rows):
        return None
    return (
        f"{contract.table}: the batch was staged under another version of its contract: ingest its days again"
    )


def _columns_of(file: StagedFile) -> pa.Schema:
    with places.open_file(file.path) as content:
        return pq.read_schema(content)


def _difference(held: Mapping[str, object], promised: Mapping[str, object]) -> str:
    parts = [f"lacks the column {name!r}" for name in promised if name not in held]
    parts += [
        f"has the column {name!r}, which its contract does not" for name in held if name not in promised
    ]
    parts += [
        f"has {name!r} as {held[name]}, its contract as {promised[name]}"
        for name in promised
        if name in held and held[name] != promised[name]
    ]
    return ", ".join(parts)


def _way_out(contract: Contract) -> str:
    if contract.table.startswith("datasets."):
        return "raise `version` and declare the change in `changes`, then run `contender migrate`"
    return "a model's tables have no versions: give the changed model a new name"
