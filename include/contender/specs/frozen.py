"""The one base of every record in the project: frozen, and strict about unknown fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A record that cannot change and accepts no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
