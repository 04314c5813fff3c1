"""Online predictions: answer requests with the version that the ledger names, and follow promotions and roll-backs."""

from contender.serving.server import ServingError, serve

__all__ = ["ServingError", "serve"]
