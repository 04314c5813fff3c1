"""Loads a file of the catalog as a module of its own: a model's folder is no package, and two may have equal names."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def load_module(file: Path) -> ModuleType:
    """Run a file and return its module. Raises whatever the file raises, FileNotFoundError when there is none."""
    spec = importlib.util.spec_from_file_location(f"{file.stem}_of_{file.parent.name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
