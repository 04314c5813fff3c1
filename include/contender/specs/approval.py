"""Which changes of what serves wait for a person, and for how long."""

from __future__ import annotations

from pydantic import Field

from contender.specs.columns import Email
from contender.specs.frozen import Frozen


class Approval(Frozen):
    """What a person has to approve before it serves; by default nothing. Nobody's answer is a no."""

    refreshes: bool = Field(default=False, description="the champion's recipe, fitted on newer days")
    new_recipes: bool = Field(
        default=False, description="another recipe than the champion's, when it has won"
    )
    first: bool = Field(default=False, description="the first version of all")
    hours: float = Field(
        default=12.0,
        gt=0,
        lt=24,
        description="how long an answer is waited for: under a day, or the next night would wait, too",
    )
    mail_to: tuple[Email, ...] = Field(default=(), description="who is asked by mail; the owner when empty")

    @property
    def asked(self) -> bool:
        """Whether anything waits for a person at all."""
        return self.refreshes or self.new_recipes or self.first
