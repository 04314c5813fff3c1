"""Environments of other programs below build/, so that theirs and the project's packages need not agree."""

from __future__ import annotations

import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path


def make_environment(requirements: Path, work: Path) -> Path:
    """Return the Python of an environment in `work` with pinned packages; make it if its requirements are new."""
    place = work / f"environment-{sha256(requirements.read_bytes()).hexdigest()[:12]}"
    python, made = place / "bin" / "python", place / "made"
    if not made.exists():
        print(f"installing {requirements.name} into build/", file=sys.stderr)
        venv.create(place, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
        made.touch()
    return python
