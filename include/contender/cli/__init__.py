"""The `contender` command line. It calls the same functions as the DAGs."""

from contender.cli.app import app, main

__all__ = ["app", "main"]
