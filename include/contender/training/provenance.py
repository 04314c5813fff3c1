"""The provenance of a version: sources of its recipe, version of the code, and installed packages."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from hashlib import sha256
from importlib.metadata import Distribution, distributions, packages_distributions, version
from pathlib import Path

from contender import __version__
from contender.model_code import digest_content
from contender.records import Book, fingerprint_text
from contender.settings import PROJECT
from contender.specs import ModelSpec, Recipe

_BOOSTING = ("lightgbm", "xgboost")


def fingerprint_recipe(model: ModelSpec, recipe: Recipe, home: Path) -> str:
    """Return the fingerprint of a recipe's sources and parameters, which identifies the recipe."""
    digest = sha256()
    for part in ("features.py", f"{recipe.estimator}.py"):
        digest.update((home / part).read_bytes())
    # Fields that are not set are left out: fingerprints of recipes without them are older than the fields.
    unset = {name for name in ("weight", "half_life_days", "max_rows") if getattr(recipe, name) is None}
    digest.update(recipe.model_dump_json(exclude=unset).encode())
    digest.update("\n".join(model.seen_by(recipe)).encode())
    if model.quantiles:
        digest.update(repr(model.quantiles).encode())
    return digest.hexdigest()[:16]


@cache
def code_version() -> str:
    """Return the commit of the project, with `+` if files differ from it; outside of git, the package's version."""
    described = _git("rev-parse", "--short=12", "HEAD")
    if described is None:
        return __version__
    return described + ("+" if _git("status", "--porcelain") else "")


def digest_sources(home: Path) -> dict[str, str]:
    """Return a digest of each Python file of a model's folder, except its contract, which the book stores."""
    files = sorted(path for path in home.glob("*.py") if path.name != "spec.py")
    return {path.name: digest_content(path.read_bytes()) for path in files}


@cache
def packages() -> str:
    """Return every installed package with its version, one per line."""
    return "\n".join(sorted({_name_and_version(one) for one in distributions()}))


def _name_and_version(installed: Distribution) -> str:
    # Two lines are read, not parsed as a mail with the package's whole description: twenty times faster.
    text = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    found = dict(re.findall(r"^(Name|Version):[ \t]*(.*?)\s*$", text.partition("\n\n")[0], re.MULTILINE))
    return f"{found.get('Name')}=={found.get('Version')}".lower()


def environment() -> str:
    """Return a fingerprint of every installed package and its version."""
    return fingerprint_text(packages())


def keep_environment(book: Book) -> None:
    """Store the list of installed packages in the book, so that a fingerprint can be resolved to it later."""
    book.documents.keep("environment", packages())


def requirements() -> list[str]:
    """Return the packages that are needed to load a version elsewhere."""
    boosting = [
        name for module in _BOOSTING if module in sys.modules for name in packages_distributions()[module]
    ]
    return [f"{name}=={version(name)}" for name in ("scikit-learn", "skops", "numpy", "pandas", *boosting)]


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(PROJECT), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
