"""Store and load pipelines without pickle: a file can only restore types of the installed scikit-learn.

skops reports each type of a file that it does not trust by default. Loading a class of scikit-learn only restores its
state. Functions can be called with arguments from the file, and some of scikit-learn's read files or download them, so
only those of `FUNCTIONS` are trusted.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

import skops.io
from sklearn.pipeline import Pipeline

TYPES = frozenset(
    {
        "functools.partial",  # skops also requires trust in the function that it wraps
        "numpy.dtype",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",  # part of the spline below
        "scipy.interpolate._bsplines.BSpline",  # SplineTransformer
    }
)
FUNCTIONS = ("sklearn.feature_selection._", "sklearn.metrics.", "sklearn.utils.validation.check_array")
# These parts of scikit-learn unpickle, download or run other code.
_EXCLUDED = ("sklearn.externals", "sklearn.datasets", "sklearn.utils._joblib", "sklearn.utils.parallel")


class UnsafeModel(RuntimeError):  # noqa: N818 - the model is rejected, nothing failed
    """A pipeline contains types that could run code when loaded; the message names them."""


def store_pipeline(pipeline: Pipeline, model: str, recipe: str) -> bytes:
    """Return the content of the pipeline's file. Raises UnsafeModel if it contains untrusted types."""
    stored: bytes = skops.io.dumps(pipeline)
    if untrusted := find_untrusted(skops.io.get_untrusted_types(data=stored)):
        raise UnsafeModel(
            f"{model}: recipe {recipe!r}: {', '.join(untrusted)} cannot be loaded without running code: build the "
            "estimator from scikit-learn's own classes; for a randomized search, list values instead of a distribution"
        )
    return stored


def load_pipeline(stored: bytes) -> Pipeline:
    """Return the pipeline of a file's content. Raises skops' UntrustedTypesFoundException for untrusted types."""
    return skops.io.loads(stored, trusted=trusted_types(stored))


def trusted_types(stored: bytes) -> list[str]:
    """Return the types of a file that skops does not trust by default and that are trusted here."""
    return [name for name in skops.io.get_untrusted_types(data=stored) if is_trusted(name)]


def find_untrusted(types: Iterable[str]) -> list[str]:
    """Return the qualified names of these types that must not be loaded, sorted."""
    return sorted(name for name in types if not is_trusted(name))


def is_trusted(name: str) -> bool:
    """Return whether a type or function may be loaded from a file, by its qualified name."""
    if name in TYPES:
        return True
    if not name.startswith("sklearn.") or name.startswith(_EXCLUDED):
        return False
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    if isinstance(found, type):
        return found.__module__.startswith("sklearn.")
    return found is not None and name.startswith(FUNCTIONS)
