"""Promote: decides by guards whether tonight's refresh serves, and lets the alias follow the ledger."""

from contender.promoting.decide import decide_promotion
from contender.promoting.promote import promote

__all__ = ["decide_promotion", "promote"]
