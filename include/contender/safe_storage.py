"""Store and load pipelines without pickle: a file can only restore types of installed packages and the model's own.

skops reports each type of a file that it does not trust by default. Loading a class of scikit-learn, or an estimator
of LightGBM or XGBoost, only restores its state. Functions can be called with arguments from the file, and some of
scikit-learn's read files or download them, so only those of `FUNCTIONS` are trusted. Classes and functions of a
model's own file are trusted once its content has been imported (`contender.model_code`): the registry does that only
for content whose digest is in the version's record.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from contender.errors import PermanentError
from contender.model_code import CodeName, defines, import_content, read_name

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

TYPES = frozenset(
    {
        "functools.partial",  # skops also requires trust in the function that it wraps
        "numpy.dtype",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",  # part of the spline below
        "scipy.interpolate._bsplines.BSpline",  # SplineTransformer
        # Fitted trees of the two packages below; loading them parses text or bytes, without pickle.
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "xgboost.core.Booster",
    }
)
# Loading a class of these parts only restores its state.
CLASSES = ("sklearn.", "lightgbm.sklearn.LGBM", "xgboost.sklearn.XGB")
FUNCTIONS = ("sklearn.feature_selection._", "sklearn.metrics.", "sklearn.utils.validation.check_array")
# These parts of scikit-learn unpickle, download or run other code.
_EXCLUDED = ("sklearn.externals", "sklearn.datasets", "sklearn.utils._joblib", "sklearn.utils.parallel")

_TYPES_FOUND: dict[bytes, tuple[str, ...]] = {}  # by the digest of a file's content


class UnsafeModel(PermanentError):  # noqa: N818 - the model is rejected, nothing failed
    """A pipeline contains types that could run code when loaded; the message names them."""


class StoredPipeline(NamedTuple):
    """The content of a pipeline's file, and of the model's own files that it refers to, which may be imported."""

    content: bytes
    code: Mapping[CodeName, bytes]

    def load(self) -> Pipeline:
        """Return the pipeline, after importing its code where that has not been done."""
        for name, content in self.code.items():
            import_content(name, content, f"{name.model}/{name.stem}.py")
        return load_pipeline(self.content)


def store_pipeline(pipeline: Pipeline, model: str, recipe: str) -> bytes:
    """Return the content of the pipeline's file. Raises UnsafeModel if it contains untrusted types."""
    import skops.io  # late: it imports all of scikit-learn, and most users of a registry load no pipeline

    stored: bytes = skops.io.dumps(pipeline)
    if untrusted := find_untrusted(_types_of(stored)):
        raise UnsafeModel(
            f"{model}: recipe {recipe!r}: {', '.join(untrusted)} cannot be loaded without running code: build the "
            "estimator from classes of scikit-learn, LightGBM or XGBoost, or of the file that builds it; for a "
            "randomized search, list values instead of a distribution"
        )
    return stored


def load_pipeline(stored: bytes) -> Pipeline:
    """Return the pipeline of a file's content. Raises skops' UntrustedTypesFoundException for untrusted types."""
    import skops.io

    return skops.io.loads(stored, trusted=trusted_types(stored))


def own_code(stored: bytes) -> tuple[CodeName, ...]:
    """Return the model's own files whose classes or functions a file's content refers to."""
    modules = {name.rpartition(".")[0] for name in _types_of(stored)}
    return tuple(found for module in sorted(modules) if (found := read_name(module)) is not None)


def trusted_types(stored: bytes) -> list[str]:
    """Return the types of a file that skops does not trust by default and that are trusted here."""
    return [name for name in _types_of(stored) if is_trusted(name)]


def _types_of(stored: bytes) -> tuple[str, ...]:
    """Return the types of a file's content that skops does not trust by default.

    skops reads the whole file to find them, which takes as long as loading it; each content is read once.
    """
    import skops.io

    digest = hashlib.sha256(stored).digest()
    if digest not in _TYPES_FOUND:
        _TYPES_FOUND[digest] = tuple(skops.io.get_untrusted_types(data=stored))
    return _TYPES_FOUND[digest]


def find_untrusted(types: Iterable[str]) -> list[str]:
    """Return the qualified names of these types that must not be loaded, sorted."""
    return sorted(name for name in types if not is_trusted(name))


def is_trusted(name: str) -> bool:
    """Return whether a type or function may be loaded from a file, by its qualified name."""
    if name in TYPES:
        return True
    module, _, attribute = name.rpartition(".")
    if defines(module, attribute):
        return True
    if not name.startswith(CLASSES) or name.startswith(_EXCLUDED):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    if isinstance(found, type):
        return found.__module__.partition(".")[0] == module.partition(".")[0]
    return found is not None and name.startswith(FUNCTIONS)
