"""Read records that tasks pass to each other as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from contender.specs.frozen import Frozen

Record = TypeVar("Record", bound=Frozen)


def read_all(kind: type[Record], dumped: Iterable[dict[str, object]]) -> list[Record]:
    """Parse records that another task has dumped. Raises pydantic.ValidationError if one is not of this kind."""
    return [kind.model_validate(record) for record in dumped]
