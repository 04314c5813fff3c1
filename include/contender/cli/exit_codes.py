"""The exit codes of the `contender` command, and which error ends it with which."""

from __future__ import annotations

from contender.admission import QuarantineError, UnknownBatchError
from contender.backfilling import BackfillError, BackfillStoppedError
from contender.backtesting import BacktestError
from contender.cards import CardError
from contender.drafting import DraftError
from contender.erasing import ErasureError
from contender.featurizing import BuildError
from contender.gating import SparkError
from contender.granting import GrantError
from contender.lake import LakeError
from contender.measures import LossError
from contender.orchestrator import ApiError
from contender.promoting import RollbackError
from contender.records import BookError, StaleDecision
from contender.replaying import ReplayError, UnknownEntryError
from contender.settings import SettingsError
from contender.specs import CatalogError, DaysError, UnknownNameError

DONE, NO, WRONG_USE, CANNOT = 0, 1, 2, 3
INTERRUPTED = 130  # as shells report a command that was ended by Ctrl-C


class UsageError(Exception):
    """An argument or option has a value that the command does not take; the message says which it takes."""


CODES: dict[type[Exception], int] = {
    UsageError: WRONG_USE,
    BackfillError: WRONG_USE,
    CardError: WRONG_USE,
    DaysError: WRONG_USE,
    DraftError: WRONG_USE,
    ErasureError: WRONG_USE,
    UnknownBatchError: WRONG_USE,
    UnknownEntryError: WRONG_USE,
    UnknownNameError: WRONG_USE,
    ApiError: CANNOT,
    BackfillStoppedError: CANNOT,
    BacktestError: CANNOT,
    BookError: CANNOT,
    BuildError: CANNOT,
    CatalogError: CANNOT,
    GrantError: CANNOT,
    LakeError: CANNOT,
    LossError: CANNOT,
    QuarantineError: CANNOT,
    ReplayError: CANNOT,
    RollbackError: CANNOT,
    SettingsError: CANNOT,
    SparkError: CANNOT,
    StaleDecision: CANNOT,
}


def find_exit_code(error: Exception) -> int | None:
    """Return the exit code of an error that its message explains, None for a fault of the program.

    The table's entry for the error's own class counts, else that of its nearest parent.
    """
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), None)
