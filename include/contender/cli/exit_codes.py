"""The exit codes of the `contender` command, and the exit code of each error."""

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

DONE, CHECK_FAILED, WRONG_USE, CANNOT_COMPLETE = 0, 1, 2, 3
INTERRUPTED = 130  # what shells report for Ctrl-C


class UsageError(Exception):
    """An argument or option has an invalid value; the message lists the valid ones."""


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
    ApiError: CANNOT_COMPLETE,
    BackfillStoppedError: CANNOT_COMPLETE,
    BacktestError: CANNOT_COMPLETE,
    BookError: CANNOT_COMPLETE,
    BuildError: CANNOT_COMPLETE,
    CatalogError: CANNOT_COMPLETE,
    GrantError: CANNOT_COMPLETE,
    LakeError: CANNOT_COMPLETE,
    LossError: CANNOT_COMPLETE,
    QuarantineError: CANNOT_COMPLETE,
    ReplayError: CANNOT_COMPLETE,
    RollbackError: CANNOT_COMPLETE,
    SettingsError: CANNOT_COMPLETE,
    SparkError: CANNOT_COMPLETE,
    StaleDecision: CANNOT_COMPLETE,
}


def find_exit_code(error: Exception) -> int | None:
    """Return the exit code of an expected error, and None for a bug.

    An error has the code of its class, or else of its nearest parent class in the table.
    """
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), None)
