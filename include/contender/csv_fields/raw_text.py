"""Check a raw file before parsing: whether it is text, whether it is complete, and its header."""

from __future__ import annotations

import codecs
import csv

from contender.landing import RawFile
from contender.records import Defect

_CHUNK = 1 << 20
_OTHER_KINDS = {
    b"\x1f\x8b": ("it is compressed by gzip", "deliver the uncompressed file"),
    b"PK\x03\x04": ("it is a ZIP archive", "deliver the file inside it"),
    b"\xff\xfe": ("it is UTF-16", "export the file as UTF-8"),
    b"\xfe\xff": ("it is UTF-16", "export the file as UTF-8"),
    b"PAR1": ("it is a Parquet file", "deliver it as CSV"),
}


def find_unreadable(raw: RawFile) -> Defect | None:
    """Return the defect of a file that is not UTF-8 text with closed quotes, or None."""
    if raw.size == 0:
        return Defect(what="the file is empty", where=raw.name, way_out="deliver it again")
    quotes = offset = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    with raw.copy_path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            if offset == 0 and (trouble := _other_kind(raw, chunk)):
                return trouble
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return _not_utf8(raw, offset - pending + error.start)
            if not chunk:
                break
            quotes += chunk.count(b'"')
            offset += len(chunk)
    if quotes % 2:
        return Defect(
            what="it is not a CSV file: a quote is opened and never closed",
            where=raw.name,
            way_out="quote fields according to RFC 4180; the upload may be incomplete",
        )
    return None


def read_header(raw: RawFile) -> tuple[list[str], bool]:
    """Return the names in the first line, and whether more lines follow. Raises csv.Error if it is not valid."""
    with raw.copy_path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file, strict=True), [])
        return names, bool(next(file, ""))


def _other_kind(raw: RawFile, start: bytes) -> Defect | None:
    for magic, (what, way_out) in _OTHER_KINDS.items():
        if start.startswith(magic):
            return Defect(what=f"{what}, despite its name", where=raw.name, way_out=way_out)
    return None


def _not_utf8(raw: RawFile, byte: int) -> Defect:
    return Defect(what=f"byte {byte} is not UTF-8", where=raw.name, way_out="export the file as UTF-8")
