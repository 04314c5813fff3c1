"""Try files against a contract: read them and check them as a gate does, without recording anything."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from contender.ingesting import stage_file
from contender.landing import describe_file
from contender.records import GateResult
from contender.specs import DatasetSpec


class TryError(Exception):
    """A file cannot be tried; the message says why."""


def try_file(spec: DatasetSpec, file: Path) -> GateResult:
    """Return the verdict of a file's gate, for the day of most of its rows; earlier days are not compared.

    The file's suffix decides whether it is decompressed, as in the landing zone. Raises TryError if it cannot be read.
    """
    from contender.gating import check  # Great Expectations takes seconds to import

    try:
        raw = describe_file(file, file.name, str(file))
    except OSError as error:
        raise TryError(f"{file}: {error.strerror}: give a file that the source has delivered") from None
    with TemporaryDirectory() as staging:
        return check(spec.contract, stage_file(spec, raw, staging), run=f"try of {file.name}")
