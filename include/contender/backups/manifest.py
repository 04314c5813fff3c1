"""What a backup contains: `manifest.json`, and the checksums of all files in `SHA256SUMS`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError

from contender.errors import PermanentError
from contender.specs.frozen import Frozen

FORMAT = 1  # of backups; raised when older releases could not restore a backup
MANIFEST, CHECKSUMS = "manifest.json", "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


class BackupError(PermanentError):
    """A backup cannot be taken or restored; the message names the file and says what to do."""


class CopiedTable(Frozen):
    """A table of the lake as it was when its files were listed."""

    name: str
    metadata: str = Field(description="absolute path of its metadata file in the lake")
    snapshots: int
    files: int


class Manifest(Frozen):
    """The description of a complete backup."""

    format: int
    id: str
    contender: str = Field(description="release that took the backup")
    at: AwareDatetime = Field(description="the moment that the book of record shows")
    ended: AwareDatetime
    revision: str = Field(description="revision of the book's tables")
    records: dict[str, int] = Field(description="rows of each table of the book")
    lake: str = Field(description="absolute place of the lake")
    lake_files: Literal["copied", "referenced"]
    tables: tuple[CopiedTable, ...]
    newer: tuple[str, ...] = Field(
        default=(), description="tables to which a commit was made while the book was copied"
    )
    artifacts: str | None = Field(
        description="absolute place of the registry's artifacts; None if a tracking server keeps the registry"
    )
    batches: str = Field(description="absolute place of the quarantine and of columns set aside")
    mistakes: tuple[str, ...] = Field(default=(), description="what the ledgers' verification reported")
    files: int
    bytes: int
    checksums: str = Field(description="SHA-256 of `SHA256SUMS`")


def write_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON, sealed with the SHA-256 of its content."""
    content = manifest.model_dump(mode="json")
    return json.dumps({**content, "seal": _seal(content)}, indent=2).encode()


def read_manifest(content: bytes, where: str) -> Manifest:
    """Return a manifest. Raises BackupError if it is damaged, or was written by a newer release."""
    try:
        found = json.loads(content)
        seal = found.pop("seal")
        newer = found["format"] > FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BackupError(f"{where} is not the manifest of a backup: restore another backup") from None
    if newer:
        raise BackupError(
            f"{where} was written by Contender {found.get('contender')} (format {found['format']}); this release "
            f"reads formats up to {FORMAT}: restore it with that release or a later one"
        )
    if seal != (found_seal := _seal(found)):
        raise BackupError(
            f"{where} is damaged: its SHA-256 is {found_seal}, not {seal}: restore another backup"
        )
    try:
        return Manifest.model_validate(found)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"]))
        raise BackupError(f"{where}: {field}: {fault['msg']}: restore another backup") from None


def write_checksums(checksums: Mapping[str, str]) -> bytes:
    """Return checksums by path, in the format of `sha256sum --check`."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(checksums.items())).encode()


def read_checksums(content: bytes, manifest: Manifest, where: str) -> dict[str, str]:
    """Return the checksum of each file by its path in the backup. Raises BackupError if the list is damaged."""
    found = sha256(content).hexdigest()
    if found != manifest.checksums:
        raise BackupError(
            f"{where} is damaged: its SHA-256 is {found}, not {manifest.checksums}: restore another backup"
        )
    checksums = {}
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        matched = _LINE.fullmatch(line)
        if matched is None or not _is_inside(matched[2]):
            raise BackupError(f"{where} line {number}: not a checksum and a path below the backup: {line!r}")
        checksums[matched[2]] = matched[1]
    return checksums


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    names = bool(pure.parts) and ".." not in pure.parts and path.isprintable()
    return names and not pure.is_absolute() and str(pure) == path


def _seal(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def describe(manifest: Manifest) -> str:
    """Return a manifest in one line."""
    rows = sum(manifest.records.values())
    lake = f"{len(manifest.tables)} tables" + (
        " (files not copied)" if manifest.lake_files != "copied" else ""
    )
    return (
        f"backup {manifest.id}: {manifest.files:,} files, {manifest.bytes / 1e6:,.1f} MB, {lake}, {rows:,} records, "
        f"as of {manifest.at:%Y-%m-%d %H:%M:%S} UTC"
    )
