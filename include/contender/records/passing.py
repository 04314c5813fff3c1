"""Records as tasks pass them to each other: JSON in between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from contender.specs.frozen import Frozen

Record = TypeVar("Record", bound=Frozen)


def read_all(kind: type[Record], told: Iterable[dict[str, object]]) -> list[Record]:
    """The records that another task has dumped. Raises pydantic.ValidationError when one is not of this kind."""
    return [kind.model_validate(record) for record in told]
