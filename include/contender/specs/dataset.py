"""The specification of a dataset: its delivery, owner, columns and expectations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from contender.specs.changes import Change, check_changes
from contender.specs.columns import Column, Email, Name, Text
from contender.specs.contract import Contract, check_columns
from contender.specs.delivery import Delivery, spread_cron
from contender.specs.expectations import Expectation
from contender.specs.formats import Parquet
from contender.specs.frozen import Frozen
from contender.specs.usual import Usual

_ONCE_A_DAY = re.compile(r"\d+ \d+ \* \* \*")


class DatasetSpec(Frozen):
    """A dataset. A `daily` one is partitioned by its column `day`; a `reference` one is replaced whole."""

    name: Name
    description: Text
    owner: Email
    delivery: Delivery
    columns: tuple[Column, ...] = Field(min_length=1)
    primary_key: tuple[Name, ...] = Field(min_length=1)
    expectations: tuple[Expectation, ...] = ()
    guarantees: tuple[Text, ...] = Field(
        default=(), description="further guarantees to consumers, one sentence each"
    )
    usual: Usual = Usual()
    kind: Literal["daily", "reference"] = "daily"
    version: int = Field(default=1, ge=1, description="version of the columns; raise it with each change")
    changes: tuple[Change, ...] = Field(
        default=(), description="changes from version 1 to this one, in order"
    )
    retention_days: int | None = Field(
        default=None, ge=1, description="days kept, counted back from the newest day; all if None"
    )

    @field_validator("delivery")
    @classmethod
    def _spread(cls, delivery: Delivery, info: ValidationInfo) -> Delivery:
        due = spread_cron(delivery.cron, info.data.get("name", ""))
        return delivery if due == delivery.cron else delivery.model_copy(update={"cron": due})

    @model_validator(mode="after")
    def _consistent(self) -> DatasetSpec:
        daily = self.kind == "daily"
        check_columns(self.columns, self.primary_key, self.expectations, daily=daily)
        check_changes(self.columns, self.version, self.changes)
        _check_reading(self.delivery, self.columns)
        _check_derived(self.delivery, self.columns, self.primary_key)
        if daily and not (self.delivery.is_dated or self.delivery.several_days):
            raise ValueError(
                "delivery.path: a daily dataset needs `{day}` in its path: write 'sales/{day}.csv', or set "
                "`several_days` if one file holds all days"
                if self.delivery.query is None
                else "delivery.query: a daily dataset needs `:day` in `sql`: write 'where sold_on = :day'"
            )
        if daily and not _ONCE_A_DAY.fullmatch(self.delivery.cron):
            raise ValueError(
                f"delivery.cron: a daily dataset is due once a day, not at {self.delivery.cron!r}: "
                "write minute, hour and three stars, for example '30 3 * * *'"
            )
        if not daily and self.delivery.is_dated:
            raise ValueError(
                "delivery.path: a reference dataset has one file: remove `{day}`"
                if self.delivery.query is None
                else "delivery.query: a reference dataset is read whole: remove `:day`"
            )
        for field in ("closed", "closed_weekdays", "closed_holidays", "several_days", "day_of"):
            if not daily and getattr(self.delivery, field):
                raise ValueError(f"delivery.{field}: a reference dataset has no days: remove it")
        if not daily and self.retention_days is not None:
            raise ValueError("retention_days: a reference dataset is replaced whole: remove it")
        return self

    @property
    def contract(self) -> Contract:
        """The contract of its table in the lake."""
        return Contract(
            table=f"datasets.{self.name}",
            owner=self.owner,
            columns=self.columns,
            primary_key=self.primary_key,
            expectations=self.expectations,
            guarantees=self.guarantees,
            daily=self.kind == "daily",
            version=self.version,
            changes=self.changes,
            retention_days=self.retention_days,
            usual=self.usual if self.kind == "daily" else None,
            closed=self.delivery.closed_days,
        )


def _check_reading(delivery: Delivery, columns: Sequence[Column]) -> None:
    """Raise ValueError if a name or a missing word is given for a column that does not exist, or two have one name."""
    known = [column.name for column in columns]
    form = delivery.read_as
    words = {} if isinstance(form, Parquet) else form.missing_in
    for field, given in (("names", delivery.names), ("format.missing_in", words)):
        if unknown := [name for name in given if name not in known]:
            raise ValueError(f"delivery.{field}: {', '.join(unknown)} is not a column: correct or remove it")
    delivered = [delivery.name_of(name) for name in known if name not in delivery.derived]
    if repeated := sorted({name for name in delivered if delivered.count(name) > 1}):
        raise ValueError(f"delivery.names: two columns are read from {repeated[0]!r}: correct one")


def _check_derived(delivery: Delivery, columns: Sequence[Column], key: Sequence[str]) -> None:
    """Raise ValueError if a column cannot be derived, or a derived one has a name in the file."""
    types = {column.name: column.type for column in columns}
    for field, name, wanted in (
        ("day_of", delivery.day_of, "timestamp"),
        ("row_number", delivery.row_number, "integer"),
    ):
        if name is not None and types.get(name) != wanted:
            raise ValueError(
                f"delivery.{field}: {name!r} is not a column of type {wanted}: add or correct it"
            )
    if delivery.row_number is not None and delivery.row_number not in key:
        raise ValueError(f"delivery.row_number: {delivery.row_number!r} is not in primary_key: add it there")
    if named := sorted(delivery.derived & set(delivery.names)):
        raise ValueError(f"delivery.names: {named[0]!r} is derived and not read: remove it")
