"""A source: an installed data package, its days, and the datasets that it delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from contender.specs import Days

Read = Callable[[], pd.DataFrame]


@dataclass(frozen=True)
class Source:
    """A data package as a source system; `daily` tables have a text column `day`, as `YYYY-MM-DD`."""

    package: str
    days: Days
    daily: Mapping[str, Read]
    reference: Mapping[str, Read]


def data_folder(package: str, folder: str = "data") -> Path:
    """Return a data folder of an installed package without importing it. Raises RuntimeError if it is missing."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise RuntimeError(f"the package {package} is not installed: run `make setup`")
    return Path(found.submodule_search_locations[0]) / folder
