"""Try files against a contract: read them and check them as a gate does, without recording anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from contender.ingesting import group_files, stage_files
from contender.landing import RawFile, describe_file
from contender.records import GateResult
from contender.specs import DatasetSpec
from contender.specs.frozen import Frozen


class TryError(Exception):
    """A file cannot be tried; the message says why."""


class Tried(Frozen):
    """Files that were tried together, as one delivery, and the result of its gate."""

    files: tuple[Path, ...]
    result: GateResult


def try_files(spec: DatasetSpec, files: Sequence[Path]) -> Iterator[Tried]:
    """Yield the verdict of each delivery's gate, for the day of most of its rows; earlier days are not compared.

    If the contract's path has `*`, the files of one day are a delivery, in the order of their names; otherwise each
    file is one. A folder stands for all files below it. A file's suffix decides whether it is decompressed, as in the
    landing zone. Raises TryError if a file cannot be read.
    """
    from contender.gating import check  # Great Expectations takes seconds to import

    raws = [_describe(file) for named in files for file in _below(named)]
    for delivery in group_files(spec, raws):
        with TemporaryDirectory() as staging:
            names = ", ".join(raw.name for raw in delivery)
            result = check(spec.contract, stage_files(spec, delivery, staging), run=f"try of {names}")
        yield Tried(files=tuple(raw.copy_path for raw in delivery), result=result)


def _below(named: Path) -> list[Path]:
    if not named.is_dir():
        return [named]
    return sorted(file for file in named.rglob("*") if file.is_file() and file.name[0] not in "._")


def _describe(file: Path) -> RawFile:
    try:
        return describe_file(file, file.name, str(file))
    except OSError as error:
        raise TryError(f"{file}: {error.strerror}: give a file that the source has delivered") from None
