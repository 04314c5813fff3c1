"""Import a model's own files under names with their digest, so that stored pipelines can refer to their classes.

A pipeline that was fitted with yesterday's file then never runs with today's: its name asks for the content that it was
fitted with.
"""

from __future__ import annotations

import re
import sys
from hashlib import sha256
from importlib.abc import SourceLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

import cloudpickle

_NAME = re.compile(r"contender_models[.](\w+)[.](\w+)_([0-9a-f]{16})")
_SOURCES: dict[str, bytes] = {}


class CodeName(NamedTuple):
    """The name of an imported file: the model's name, the file's stem, and the digest of its content."""

    model: str
    stem: str
    digest: str

    @property
    def module(self) -> str:
        """The name in `sys.modules`."""
        return f"contender_models.{self.model}.{self.stem}_{self.digest}"


class _Content(SourceLoader):
    """Loads a module from a content; `origin` is the file that tracebacks show."""

    def __init__(self, content: bytes, origin: str) -> None:
        self._content, self._origin = content, origin

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 - the import system passes it
        return self._origin

    def get_data(self, path: str) -> bytes:  # noqa: ARG002
        return self._content


def digest_content(content: bytes) -> str:
    """Return the digest of a file's content, as records of versions contain it."""
    return sha256(content).hexdigest()[:16]


def read_name(module: str) -> CodeName | None:
    """Return the parts of such a name; None for other modules."""
    found = _NAME.fullmatch(module)
    return None if found is None else CodeName(*found.groups())


def import_file(file: Path) -> ModuleType:
    """Run a file of a model's folder and return its module; once for each content. Raises any error of the file."""
    content = file.read_bytes()
    return import_content(CodeName(file.parent.name, file.stem, digest_content(content)), content, str(file))


def import_content(name: CodeName, content: bytes, origin: str) -> ModuleType:
    """Run a file's content and return its module; once for each content. `origin` is the file in tracebacks."""
    if name.module in _SOURCES:
        return sys.modules[name.module]
    loader = _Content(content, origin)
    spec = spec_from_loader(name.module, loader, origin=origin)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name.module] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name.module]
        raise
    _SOURCES[name.module] = content
    cloudpickle.register_pickle_by_value(module)  # worker processes of scikit-learn cannot import it by name
    return module


def imported_content(module: str) -> bytes | None:
    """Return the content that was imported under a name, or None."""
    return _SOURCES.get(module)


def defines(module: str, attribute: str) -> bool:
    """Return whether an imported file defines a class or function."""
    if module not in _SOURCES:
        return False
    found = getattr(sys.modules[module], attribute, None)
    return isinstance(found, (type, FunctionType)) and found.__module__ == module
