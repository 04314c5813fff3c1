"""The model registry: fitted versions with their pins, and the alias of the serving version (MLflow)."""

from contender.registry.copying import artifacts_of, copy_registry, move_artifacts
from contender.registry.versions import CHAMPION, Registry, UnknownVersion, open_registry

__all__ = [
    "CHAMPION",
    "Registry",
    "UnknownVersion",
    "artifacts_of",
    "copy_registry",
    "move_artifacts",
    "open_registry",
]
