"""Online predictions: answer requests with the version that the ledger names, and follow promotions and roll-backs."""

from contender.serving.server import Place, ServingError, serve

__all__ = ["Place", "ServingError", "serve"]
