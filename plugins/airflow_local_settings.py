"""Import the slow libraries once in the scheduler, so that the task processes it forks start with them.

Airflow imports a module of this name at start: from the plugins folder, which is on its path wherever
AIRFLOW_HOME is. It is also loaded as a plugin, where the imports are long done and nothing is registered.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings

# Airflow copies the public names of this module into its settings: there shall be none.
__all__: list[str] = []

_SLOW_LIBRARIES = (
    "skops.io",  # first: it walks all that is imported and warns about each deprecated name
    "contender.ingesting",
    "contender.gating",
    "contender.featurizing",
    "contender.training",
    "contender.evaluating",
    "contender.monitoring",
)


def _preload() -> None:
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # Airflow's own levels come later
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in _SLOW_LIBRARIES:
            try:
                importlib.import_module(library)
            except ImportError as error:  # a smaller installation: the tasks that need it will say so
                logging.getLogger(__name__).warning("Not preloaded: %s (%s)", library, error)


if sys.argv[1:2] == ["scheduler"]:
    _preload()
