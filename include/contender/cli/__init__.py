"""The `contender` command: for people, over the same functions as the DAGs."""

from contender.cli.app import app, main

__all__ = ["app", "main"]
