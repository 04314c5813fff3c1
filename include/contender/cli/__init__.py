"""The `contender` command line. It calls the same functions as the DAGs.

A command imports the stages and stores that it uses when it runs, so `contender --help` imports none of them, nor the
contracts' classes. At module level, only the installation is imported, which imports its parts on first use.
"""

from contender.cli.app import app, main
from contender.cli.exit_codes import UsageError

__all__ = ["UsageError", "app", "main"]
