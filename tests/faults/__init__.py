"""Nights in which processes die, stores fail, and tasks run twice at once. See docs/FAULTS.md."""

# Before Airflow, whose deprecated modules log a warning for each of the thousand names that skops searches them for.
import skops.io  # noqa: F401
