"""Import slow libraries once in the scheduler, so that the task processes it forks start with them loaded.

Airflow imports a module of this name at start. It finds it in the plugins folder, which is always on its path. The
file is also loaded as a plugin, which registers nothing.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings

# Airflow copies the public names of this module into its settings: it must have none.
__all__: list[str] = []

_SLOW_LIBRARIES = (
    "skops.io",  # first: it inspects all imported modules and warns about each deprecated name
    "contender.ingesting",
    "contender.gating",
    "contender.featurizing",
    "contender.retraining",
    "contender.registry.model_folder",
    "contender.monitoring.report",
)


def _preload() -> None:
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # Airflow sets its own levels later
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in _SLOW_LIBRARIES:
            try:
                importlib.import_module(library)
            except ImportError as error:  # in a smaller installation, the tasks that need it fail
                logging.getLogger(__name__).warning("Not preloaded: %s (%s)", library, error)


if sys.argv[1:2] == ["scheduler"]:
    _preload()
