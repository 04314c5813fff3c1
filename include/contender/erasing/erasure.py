"""Erase all rows with a key: from tables, from their older snapshots, and from copies in folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import chain
from typing import Literal

import pyarrow as pa

from contender.admission import note_superseded
from contender.erasing.copies import Copy, clear_copies, find_copies, renew_batches
from contender.erasing.exposure import find_exposed
from contender.erasing.holdings import Holding, expire_holding, find_holding, find_strays, remove_rows
from contender.erasing.sought import Sought
from contender.installation import Installation
from contender.lake import LakeError
from contender.lake.fit import find_mismatch
from contender.lake.rewriting import names_of_column
from contender.lake.schema import arrow_schema
from contender.specs import Catalog, Contract, Days
from contender.specs.frozen import Frozen


class ErasureError(LakeError):
    """The erasure is impossible; the message says why."""


class Erasure(Frozen):
    """A planned or finished erasure. It does not contain the value of the key."""

    column: str
    digest: str
    about: str
    holdings: tuple[Holding, ...]
    copies: tuple[Copy, ...]
    versions: tuple[str, ...]
    beyond: tuple[str, ...]

    @property
    def rows(self) -> int:
        """The number of rows in the newest snapshots of all tables."""
        return sum(sum(holding.rows.values()) for holding in self.holdings)


@dataclass(frozen=True)
class _Scope:
    """A key, and the contracts of the tables that have its column."""

    sought: Sought
    about: str
    contracts: tuple[Contract, ...]

    @property
    def kinds(self) -> list[pa.DataType]:
        """The types that the column is read as."""
        types = {arrow_schema(c).field(self.sought.column).type for c in self.contracts}
        return sorted(types, key=str)


def plan_erasure(here: Installation, key: str, dataset: str | None = None) -> Erasure:
    """Plan the erasure of a key. This changes nothing.

    `key` is written `column=value`. With `dataset`, only that dataset and the models built from it are searched.
    Raises ErasureError if no table has the column or no row has the key, and CatalogError for an unknown dataset.
    """
    scope = _scope(here, key, dataset)
    found = _search(here, scope)
    if _is_empty(found) and here.book.acts.begun("erased", scope.about, scope.sought.digest) is None:
        raise ErasureError(f"there is nothing to erase: no row has {key}")
    return found


def erase(here: Installation, key: str, by: str, reason: str, dataset: str | None = None) -> Erasure:
    """Erase a key and record who requested it, why, and what was done, without the value. Raises as `plan_erasure`.

    Each table is changed in one commit. The act is recorded before anything is changed, so that an attempt after a
    killed one completes it and reports what both did. Versions that were fitted on the rewritten days get a caveat.
    Do not erase while runs are active: a run that reads an expired snapshot, or has its batch in staging, fails and
    starts again.
    """
    scope = _scope(here, key, dataset)
    found = plan_erasure(here, key, dataset)
    begun = here.book.acts.begun("erased", scope.about, scope.sought.digest)
    planned = found if begun is None else _joined(Erasure.model_validate(begun.detail["erasure"]), found)
    if begun is None:
        _record(here, planned, "begun", by, reason)
    for contract in scope.contracts:
        remove_rows(here.lake, contract, scope.sought, here.settings.staging)
        expire_holding(here.lake, _holding(here, contract, scope))
    clear_copies(scope.sought, found.copies, scope.kinds)
    renew_batches(here.settings)
    mark_exposed(here, planned)
    done = _with_pins_left(here, planned, scope)
    _record(here, done, "done", by, reason)
    return done


def mark_exposed(here: Installation, erasure: Erasure) -> None:
    """Add a caveat to every version that was fitted on days with erased rows."""
    versions = [v for v in here.book.evaluations.trained_versions() if v.model in here.catalog.models]
    for holding in erasure.holdings:
        days = [day for day in holding.days if day is not None]
        for version in find_exposed({holding.table: days}, here.catalog, versions):
            span = Days(first=min(days), last=max(days))
            caveat = note_superseded(version, holding.table, span, erasure.digest, "lost erased rows")
            here.book.caveats.add(caveat)


def _scope(here: Installation, key: str, dataset: str | None) -> _Scope:
    column, equals, value = key.partition("=")
    if not (column and equals and value):
        raise ErasureError(f"{key!r} is not a key: write COLUMN=VALUE, for example customer=4711")
    concerned = here.catalog.contracts() if dataset is None else _fed_by(dataset, here.catalog)
    having = tuple(c for c in concerned if column in c.column_names)
    if not having:
        raise ErasureError(_no_column(column, concerned))
    for contract in having:
        table = here.lake.iceberg(contract.table)
        if table is not None and (mismatch := find_mismatch(table, contract)):
            raise LakeError(mismatch)
    names = frozenset(name for c in having for name in names_of_column(here.lake, c, column))
    return _Scope(Sought(column=column, value=value, names=names), dataset or "lake", having)


def _fed_by(dataset: str, catalog: Catalog) -> tuple[Contract, ...]:
    """Return the contracts of a dataset and of all models built from it, directly or from other models' predictions."""
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
    hint = f"did you mean {close[0]!r}?" if close else f"known columns: {', '.join(known)}"
    return f"no table has a column {column!r}; {hint}"


def _search(here: Installation, scope: _Scope) -> Erasure:
    holdings = tuple(_holding(here, contract, scope) for contract in scope.contracts)
    days = {holding.table: holding.days for holding in holdings}
    exposed = find_exposed(days, here.catalog, here.book.evaluations.trained_versions())
    return Erasure(
        column=scope.sought.column,
        digest=scope.sought.digest,
        about=scope.about,
        holdings=holdings,
        copies=_copies(here, scope),
        versions=tuple(f"{version.model} v{version.version}" for version in exposed),
        beyond=_beyond_reach(here, scope),
    )


def _copies(here: Installation, scope: _Scope) -> tuple[Copy, ...]:
    now = datetime.now(UTC)
    strays = (find_strays(here.lake, contract, scope.sought, now) for contract in scope.contracts)
    return (*chain.from_iterable(strays), *find_copies(scope.sought, here.settings, scope.kinds))


def _holding(here: Installation, contract: Contract, scope: _Scope) -> Holding:
    pinned = here.book.evaluations.pinned_snapshots(contract.table)
    return find_holding(here.lake, contract, scope.sought, pinned)


def _is_empty(found: Erasure) -> bool:
    held = any(holding.rows or holding.expiring for holding in found.holdings)
    return not held and all(copy.is_left for copy in found.copies)


def _beyond_reach(here: Installation, scope: _Scope) -> tuple[str, ...]:
    """Describe the places that an erasure cannot change."""
    tables = {contract.table for contract in scope.contracts}
    deliveries = [d.delivery for d in here.catalog.datasets.values() if d.contract.table in tables]
    places = [
        f"{here.settings.landing}/{delivery.path}" if delivery.path is not None else delivery.origin
        for delivery in deliveries
    ]
    declared = {contract.table for contract in here.catalog.contracts()}
    undeclared = [table for table in here.lake.tables() if table not in declared]
    return (
        "backups that were taken before: delete them, or erase again after a restore",
        *(f"the table {table}, which no contract declares any more" for table in undeclared),
        *(
            f"the source ({place}): have the rows erased there, too; otherwise the next ingestion of these days "
            "restores them"
            for place in places
        ),
        "values computed from the rows in tables without this column, until those days are built again",
        *(
            f"answers of `contender serve` of the last minutes, which are not yet in {contract.table}: erase again"
            for contract in scope.contracts
            if contract.appended
        ),
        "fitted models: retrain the models that were fitted on the rows, and retire the older versions",
        "the book of record, reports, logs and mails: they quote single values of columns not marked `pii`",
    )


def _joined(begun: Erasure, found: Erasure) -> Erasure:
    """Return the combined result of two attempts of one erasure."""
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


def _with_pins_left(here: Installation, planned: Erasure, scope: _Scope) -> Erasure:
    left = [_holding(here, contract, scope).pinned for contract in scope.contracts]
    holdings = (h.model_copy(update={"pinned": pins}) for h, pins in zip(planned.holdings, left, strict=True))
    return planned.model_copy(update={"holdings": tuple(holdings)})


def _record(
    here: Installation, erasure: Erasure, state: Literal["begun", "done"], by: str, reason: str
) -> None:
    detail: dict[str, object] = {"state": state, "erasure": erasure.model_dump(mode="json")}
    here.book.acts.record("erased", erasure.about, erasure.digest, by, reason, detail)
