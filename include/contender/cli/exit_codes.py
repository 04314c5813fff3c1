"""The exit codes of the `contender` command, and the exit code of each error."""

from __future__ import annotations

DONE, CHECK_FAILED, WRONG_USE, CANNOT_COMPLETE = 0, 1, 2, 3
INTERRUPTED = 130  # what shells report for Ctrl-C


class UsageError(Exception):
    """An argument or option has an invalid value; the message lists the valid ones."""


# The classes are written as package and name: importing all of them takes seconds.
CODES = {
    "contender.cli.UsageError": WRONG_USE,
    "contender.backfilling.BackfillError": WRONG_USE,
    "contender.backups.BackupPlaceError": WRONG_USE,
    "contender.cards.CardError": WRONG_USE,
    "contender.specs.DaysError": WRONG_USE,
    "contender.drafting.DraftError": WRONG_USE,
    "contender.drilling.DrillError": WRONG_USE,
    "contender.erasing.ErasureError": WRONG_USE,
    "contender.admission.TryError": WRONG_USE,
    "contender.admission.UnknownBatchError": WRONG_USE,
    "contender.replaying.UnknownEntryError": WRONG_USE,
    "contender.specs.UnknownNameError": WRONG_USE,
    "contender.alerting.UnknownIncidentError": WRONG_USE,
    "contender.alerting.IncidentError": CANNOT_COMPLETE,
    "contender.orchestrator.ApiError": CANNOT_COMPLETE,
    "contender.backfilling.BackfillStoppedError": CANNOT_COMPLETE,
    "contender.backtesting.BacktestError": CANNOT_COMPLETE,
    "contender.backups.BackupError": CANNOT_COMPLETE,
    "contender.records.BookError": CANNOT_COMPLETE,
    "contender.embedded_airflow.MailboxError": CANNOT_COMPLETE,
    "contender.embedded_airflow.StackError": CANNOT_COMPLETE,
    "contender.feasibility.FeasibilityError": CANNOT_COMPLETE,
    "contender.featurizing.BuildError": CANNOT_COMPLETE,
    "contender.specs.CatalogError": CANNOT_COMPLETE,
    "contender.granting.GrantError": CANNOT_COMPLETE,
    "contender.lake.LakeError": CANNOT_COMPLETE,
    "contender.loading.LoadError": WRONG_USE,
    "contender.loading.LoadStoppedError": CANNOT_COMPLETE,
    "contender.measures.LossError": CANNOT_COMPLETE,
    "contender.admission.QuarantineError": CANNOT_COMPLETE,
    "contender.replaying.ReplayError": CANNOT_COMPLETE,
    "contender.promoting.RollbackError": CANNOT_COMPLETE,
    "contender.serving.ServingError": WRONG_USE,
    "contender.settings.SettingsError": CANNOT_COMPLETE,
    "contender.submitting.SparkError": CANNOT_COMPLETE,
    "contender.records.StaleDecision": CANNOT_COMPLETE,
    "contender.tuning.SpaceError": WRONG_USE,
    "contender.tuning.TuningError": CANNOT_COMPLETE,
}


def find_exit_code(error: Exception) -> int | None:
    """Return the exit code of an expected error, and None for a bug.

    An error has the code of its class, or else of its nearest parent class in the table.
    """
    names = (_name_by_package(kind) for kind in type(error).__mro__)
    return next((CODES[name] for name in names if name in CODES), None)


def _name_by_package(kind: type) -> str:
    return ".".join((*kind.__module__.split(".")[:2], kind.__name__))
