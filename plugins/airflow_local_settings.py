"""Adapt Airflow at its start: import slow libraries before it forks, and keep long runs from taking all slots.

Airflow imports a module of this name. It finds it in the plugins folder, which is always on its path. The file is also
loaded as a plugin, which registers nothing.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import Any

# Airflow copies the public names of this module into its settings: only the hook that it looks for.
__all__ = ["task_instance_mutation_hook"]

_DEFAULT_POOL = "default_pool"
# What DAG files import. The DAG processor forks for each file, and the scheduler for each task, which parses its file.
_OF_DAG_FILES = (
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.plugins_manager",
    "contender.settings",
    "contender.specs",
)
_OF_TASKS = (
    "skops.io",  # first: it inspects all imported modules and warns about each deprecated name
    "contender.ingesting",
    "contender.gating",
    "contender.featurizing",
    "contender.retraining",
    "contender.registry.model_folder",
    "contender.monitoring.report",
)


def task_instance_mutation_hook(task_instance: Any, dag_run: Any = None) -> None:
    """Give the tasks of a run over a range of days their own pool, so that a backfill leaves slots to the night."""
    run = dag_run or task_instance.dag_run
    if task_instance.pool != _DEFAULT_POOL or run is None:
        return
    from contender.settings import settings

    if run.run_type == "backfill" or {"first", "last"} <= {
        name for name, day in (run.conf or {}).items() if day
    }:
        task_instance.pool = settings().ranges_pool


def _preload(libraries: Sequence[str]) -> None:
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # Airflow sets its own levels later
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in libraries:
            try:
                importlib.import_module(library)
            except ImportError as error:  # in a smaller installation, the tasks that need it fail
                logging.getLogger(__name__).warning("Not preloaded: %s (%s)", library, error)


if sys.argv[1:2] == ["scheduler"]:
    _preload((*_OF_TASKS, *_OF_DAG_FILES))
elif sys.argv[1:2] == ["dag-processor"]:
    _preload(_OF_DAG_FILES)
