"""Nights in which processes die, stores fail, and tasks run twice at once. See docs/FAULTS.md."""

# Before Airflow, whose deprecated modules log a warning for each of the thousand names that skops searches them for.
import sys

import skops.io  # noqa: F401

from contender.settings import PROJECT

if (_plugins := str(PROJECT / "plugins")) not in sys.path:
    sys.path.append(_plugins)  # as in Airflow; pytest adds it by itself, `python -m tests.faults` does not
