"""A digest of everything that an installation keeps, to show that something left it as it was."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from contender.lake import places
from contender.settings import Settings


def digest_contents(here: Settings) -> dict[str, str]:
    """Return a digest of every file and every database below an installation's places, by path."""
    found = {}
    for place in {str(here.home), here.landing, here.lake, here.batches, here.reports}:
        for file in places.files(place):
            if file.place.endswith(".db"):
                found[file.place] = _digest_database(Path(file.place))
            elif not file.place.endswith(("-wal", "-shm")):
                found[file.place] = hashlib.sha256(places.read(file.place)).hexdigest()
    return found


def _digest_database(path: Path) -> str:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return hashlib.sha256("\n".join(database.iterdump()).encode()).hexdigest()
