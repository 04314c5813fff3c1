"""Erases every row with a key: from the tables, from the snapshots behind them, and from copies in folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import chain
from typing import Literal

import pyarrow as pa

from contender.lake.copies import Copy, clear_copies, find_copies, renew_batches
from contender.lake.exposure import versions_that_saw
from contender.lake.fit import find_mismatch
from contender.lake.holdings import Holding, expire_holding, find_holding, find_strays, names_of, take_out
from contender.lake.schema import arrow_schema
from contender.lake.snapshots import pinned_snapshots
from contender.lake.sought import Sought
from contender.lake.tables import Lake, LakeError
from contender.records import Act, Book, act_id
from contender.settings import Settings
from contender.specs import Catalog, Contract
from contender.specs.frozen import Frozen

_ALL = 1_000_000_000


class ErasureError(LakeError):
    """Nothing can be erased so; the message says why."""


@dataclass(frozen=True)
class Stores:
    """Where rows with a key can be, and where it is written down that they were erased."""

    catalog: Catalog
    lake: Lake
    book: Book
    settings: Settings


class Erasure(Frozen):
    """What an erasure is about to do, or did; the key's value is not in it."""

    column: str
    digest: str
    about: str
    holdings: tuple[Holding, ...]
    copies: tuple[Copy, ...]
    versions: tuple[str, ...]
    beyond: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows in the newest snapshots of all tables."""
        return sum(sum(holding.rows.values()) for holding in self.holdings)


@dataclass(frozen=True)
class _Scope:
    """A key, and the tables that have its column."""

    sought: Sought
    about: str
    contracts: tuple[Contract, ...]

    @property
    def kinds(self) -> list[pa.DataType]:
        """The types that the column is read as."""
        types = {arrow_schema(c).field(self.sought.column).type for c in self.contracts}
        return sorted(types, key=str)


def plan_erasure(key: str, stores: Stores, dataset: str | None = None) -> Erasure:
    """What there is to erase; changes nothing.

    `key` is written `column=value`; with `dataset`, only it and the models built from it are looked at. Raises
    ErasureError when no table has the column or no row the key, CatalogError when there is no such dataset.
    """
    scope = _scope(key, dataset, stores)
    found = _look(scope, stores)
    if _is_empty(found) and _begun(scope, stores.book) is None:
        raise ErasureError(f"no row has {key}: there is nothing to erase")
    return found


def erase(key: str, stores: Stores, by: str, reason: str, dataset: str | None = None) -> Erasure:
    """Erase it all; keep who wanted it, why and what was done, without the value. Raises as `plan_erasure` does.

    One commit a table. It is written down before anything is changed, so that an attempt after a killed one
    finishes what that one began, and tells of all that both did. Let no run be under way: one that reads an
    expired snapshot, or has its batch in staging, fails and begins again.
    """
    scope = _scope(key, dataset, stores)
    found = plan_erasure(key, stores, dataset)
    begun = _begun(scope, stores.book)
    planned = found if begun is None else _joined(Erasure.model_validate(begun.detail["erasure"]), found)
    if begun is None:
        _note(planned, "begun", by, reason, stores.book)
    for contract in scope.contracts:
        take_out(stores.lake, contract, scope.sought, stores.settings.staging)
        expire_holding(stores.lake, _holding(contract, scope, stores))
    clear_copies(scope.sought, found.copies, scope.kinds)
    renew_batches(stores.settings)
    done = _with_pins_left(planned, scope, stores)
    _note(done, "done", by, reason, stores.book)
    return done


def _scope(key: str, dataset: str | None, stores: Stores) -> _Scope:
    column, equals, value = key.partition("=")
    if not (column and equals and value):
        raise ErasureError(f"{key!r} is no key: write COLUMN=VALUE, as in customer=4711")
    concerned = stores.catalog.contracts() if dataset is None else _fed_by(dataset, stores.catalog)
    having = tuple(c for c in concerned if column in c.column_names)
    if not having:
        raise ErasureError(_no_column(column, concerned))
    for contract in having:
        table = stores.lake.iceberg(contract.table)
        if table is not None and (mismatch := find_mismatch(table, contract)):
            raise LakeError(mismatch)
    names = frozenset(name for c in having for name in names_of(stores.lake, c, column))
    return _Scope(Sought(column=column, value=value, names=names), dataset or "lake", having)


def _fed_by(dataset: str, catalog: Catalog) -> tuple[Contract, ...]:
    """The tables of a dataset and of all models that are built from it, directly or by others' predictions."""
    tables = {catalog.dataset(dataset).contract.table: catalog.dataset(dataset).contract}
    while True:
        models = [
            m for m in catalog.models.values() if any(s.contract.table in tables for s in catalog.sources(m))
        ]
        more = {contract.table: contract for model in models for contract in model.contracts}
        if more.keys() <= tables.keys():
            return tuple(tables.values())
        tables |= more


def _no_column(column: str, concerned: tuple[Contract, ...]) -> str:
    known = sorted({name for contract in concerned for name in contract.column_names})
    close = get_close_matches(column, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
    return f"no table has a column {column!r}; {hint}"


def _look(scope: _Scope, stores: Stores) -> Erasure:
    holdings = tuple(_holding(contract, scope, stores) for contract in scope.contracts)
    days = {holding.table: holding.days for holding in holdings}
    return Erasure(
        column=scope.sought.column,
        digest=scope.sought.digest,
        about=scope.about,
        holdings=holdings,
        copies=_copies(scope, stores),
        versions=versions_that_saw(days, stores.catalog, stores.book.evaluations.newest(limit=_ALL)),
        beyond=_beyond_reach(scope, stores),
    )


def _copies(scope: _Scope, stores: Stores) -> tuple[Copy, ...]:
    now = datetime.now(UTC)
    strays = (find_strays(stores.lake, contract, scope.sought, now) for contract in scope.contracts)
    return (*chain.from_iterable(strays), *find_copies(scope.sought, stores.settings, scope.kinds))


def _holding(contract: Contract, scope: _Scope, stores: Stores) -> Holding:
    return find_holding(stores.lake, contract, scope.sought, pinned_snapshots(stores.book))


def _is_empty(found: Erasure) -> bool:
    held = any(holding.rows or holding.expiring for holding in found.holdings)
    return not held and all(copy.way == "beyond reach" for copy in found.copies)


def _beyond_reach(scope: _Scope, stores: Stores) -> tuple[str, ...]:
    """What no erasure can change, in words."""
    tables = {contract.table for contract in scope.contracts}
    paths = [d.delivery.path for d in stores.catalog.datasets.values() if d.contract.table in tables]
    declared = {contract.table for contract in stores.catalog.contracts()}
    forgotten = [table for table in stores.lake.tables() if table not in declared]
    return (
        *(f"the table {table}, which no contract declares any more" for table in forgotten),
        *(
            f"the landing zone ({stores.settings.landing}/{path}): have the source erase it there, too, or the "
            "next ingestion of these days brings the rows back"
            for path in paths
        ),
        "what was computed from the rows in tables without this column, until those days are built again",
        "fitted models: retrain those that saw the rows, and retire the older versions",
        "the book of record, reports, logs and mails: they quote single values of columns not marked `pii`",
    )


def _begun(scope: _Scope, book: Book) -> Act | None:
    """The record of an attempt that was not finished."""
    acts = (act for act in book.acts.newest(scope.about, limit=_ALL) if act.kind == "erased")
    newest = next((act for act in acts if act.key == scope.sought.digest), None)
    return newest if newest is not None and newest.detail["state"] == "begun" else None


def _joined(begun: Erasure, found: Erasure) -> Erasure:
    """What two attempts of one erasure came to."""
    before: Mapping[str, Holding] = {holding.table: holding for holding in begun.holdings}
    holdings = []
    for holding in found.holdings:
        old = before.get(holding.table, holding)
        holdings.append(
            Holding(
                table=holding.table,
                rows=dict(sorted({**old.rows, **holding.rows}.items())),
                expiring=tuple(sorted({*old.expiring, *holding.expiring})),
                pinned=holding.pinned,
            )
        )
    copies = {copy.path: copy for copy in (*found.copies, *begun.copies)}
    versions = tuple(sorted({*begun.versions, *found.versions}))
    return found.model_copy(
        update={
            "holdings": tuple(holdings),
            "copies": tuple(copies[path] for path in sorted(copies)),
            "versions": versions,
        }
    )


def _with_pins_left(planned: Erasure, scope: _Scope, stores: Stores) -> Erasure:
    left = [_holding(contract, scope, stores).pinned for contract in scope.contracts]
    holdings = (h.model_copy(update={"pinned": pins}) for h, pins in zip(planned.holdings, left, strict=True))
    return planned.model_copy(update={"holdings": tuple(holdings)})


def _note(erasure: Erasure, state: Literal["begun", "done"], by: str, reason: str, book: Book) -> None:
    now = datetime.now(UTC)
    book.acts.add(
        Act(
            id=act_id("erased", erasure.about, f"{erasure.digest} {state}", now),
            kind="erased",
            about=erasure.about,
            key=erasure.digest,
            by=by,
            reason=reason,
            detail={"state": state, "erasure": erasure.model_dump(mode="json")},
            at=now,
        )
    )
