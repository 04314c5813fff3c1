"""The contract of a model's request log: what a server of online predictions answered, with the features as used."""

from __future__ import annotations

from contender.specs.columns import Column
from contender.specs.contract import Contract

_ANSWERED = (
    Column(name="request_id", type="string", description="id of the request, as in the header of its answer"),
    Column(name="request_row", type="integer", description="place of the row in the request"),
    Column(name="answered_at", type="timestamp", description="time of the answer"),
    Column(name="model_version", type="integer", description="the version that answered"),
    Column(
        name="model_role",
        type="string",
        description="`champion`, `canary` or `previous`; `shadow` if it predicted in the background",
    ),
    Column(
        name="feature_day",
        type="date",
        nullable=True,
        description="business day whose features were looked up by key; null if they were sent in full",
    ),
    Column(
        name="feature_snapshot",
        type="integer",
        nullable=True,
        description="snapshot of the feature table that was read; null if they were sent in full",
    ),
)
LOG_NAMES = frozenset(column.name for column in _ANSWERED)
_DAY = Column(name="day", type="date", description="the day of the answer, in UTC")


def log_contract(model: str, owner: str, keys: tuple[Column, ...], columns: tuple[Column, ...]) -> Contract:
    """Return the contract of a model's request log; `columns` are its features and scores.

    A row that was sent in full has no keys, so they may be null.
    """
    optional = (key.model_copy(update={"nullable": True}) for key in keys)
    return Contract(
        table=f"requests.{model}",
        owner=owner,
        columns=(_DAY, *_ANSWERED, *optional, *columns),
        primary_key=("day", "request_id", "request_row", "model_version"),
        appended=True,
    )
