"""The error of this package."""


class StackError(RuntimeError):
    """Airflow cannot be started or stopped; the message says why and what to do."""
