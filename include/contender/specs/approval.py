"""Which promotions need a person's approval, and how long a proposal waits for it."""

from __future__ import annotations

from pydantic import Field

from contender.specs.columns import Email
from contender.specs.frozen import Frozen


class Approval(Frozen):
    """The promotions that a person must approve; none by default. Rejected by default after the deadline."""

    refreshes: bool = Field(default=False, description="the champion's recipe, trained on newer data")
    new_recipes: bool = Field(
        default=False, description="a recipe other than the champion's that passed its sequential test"
    )
    first: bool = Field(default=False, description="the model's first version")
    hours: float = Field(
        default=12.0,
        gt=0,
        lt=24,
        description="deadline of a proposal, in hours; less than a day, so that the next night does not wait",
    )
    mail_to: tuple[Email, ...] = Field(default=(), description="recipients of proposals; the owner if empty")

    @property
    def asked(self) -> bool:
        """Whether any promotion needs approval."""
        return self.refreshes or self.new_recipes or self.first
