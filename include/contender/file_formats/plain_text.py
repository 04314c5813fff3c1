"""Open a delivered text file as plain UTF-8: decompressed, decoded, and checked to be what its name says."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from contender.landing import RawFile
from contender.records import Defect
from contender.specs import COMPRESSIONS

_CHUNK = 1 << 20
_OTHER_KINDS = {
    b"\x1f\x8b": (
        "it is compressed by gzip",
        "name it .gz here and in `delivery.path`, or deliver it uncompressed",
    ),
    b"PK\x03\x04": (
        "it is a ZIP archive or an Excel workbook",
        "deliver the file inside it, or export it as CSV",
    ),
    b"\xd0\xcf\x11\xe0": ("it is an Excel workbook", "export it as CSV in UTF-8"),
    b"\xff\xfe": (
        "it is UTF-16",
        "export the file as UTF-8, or declare encoding='utf-16' in `delivery.format`",
    ),
    b"\xfe\xff": (
        "it is UTF-16",
        "export the file as UTF-8, or declare encoding='utf-16' in `delivery.format`",
    ),
    b"PAR1": ("it is a Parquet file", "declare format=Parquet() in `delivery`, or deliver it as text"),
}


class UnreadableFile(Exception):  # noqa: N818 - it carries a defect, which the gate judges
    """A file that cannot be read at all; `defect` says why."""

    def __init__(self, defect: Defect) -> None:
        super().__init__(f"{defect.what}: {defect.way_out}")
        self.defect = defect


def compression_of(name: str) -> str | None:
    """Return the compression that a file's name declares."""
    return COMPRESSIONS.get(Path(name).suffix)


@contextmanager
def open_plain(raw: RawFile, encoding: str, limit: int) -> Iterator[RawFile]:
    """Yield the file as plain UTF-8 text: itself, or a temporary copy. Raises UnreadableFile.

    `limit` is the most bytes that a compressed file may expand to.
    """
    plain = encoding in ("utf-8", "utf-8-sig") and compression_of(raw.name) is None
    with TemporaryDirectory() as folder:
        copy = None if plain else Path(folder) / "plain"
        _decode(raw, "utf-8" if plain else encoding, limit, copy)
        yield raw if copy is None else raw.model_copy(update={"copy_path": copy, "size": copy.stat().st_size})


def _decode(raw: RawFile, encoding: str, limit: int, copy: Path | None) -> None:
    """Decode the file, and write it into `copy` as UTF-8."""
    if raw.size == 0:
        raise UnreadableFile(Defect(what="the file is empty", where=raw.name, way_out="deliver it again"))
    decoder, offset = codecs.getincrementaldecoder(encoding)(), 0
    with _Sink(copy) as sink:
        for chunk in _chunks(raw, limit):
            if offset == 0:
                _check_kind(raw, chunk, encoding)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise UnreadableFile(_undecodable(raw, encoding, offset - pending + error.start)) from None
            sink.write(text)
            offset += len(chunk)


class _Sink:
    """Writes texts into a file as UTF-8; without a path, nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else path.open("w", encoding="utf-8", newline="")

    def __enter__(self) -> _Sink:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, text: str) -> None:
        if self._file is not None:
            self._file.write(text)


def _chunks(raw: RawFile, limit: int) -> Iterator[bytes]:
    """Yield the file's bytes, decompressed, and an empty chunk at the end."""
    compression, read = compression_of(raw.name), 0
    try:
        with pa.input_stream(str(raw.copy_path), compression=compression) as stream:
            while True:
                chunk = stream.read(_CHUNK)
                read += len(chunk)
                if compression is not None and read > limit:
                    raise UnreadableFile(
                        Defect(
                            what=f"it has more than {limit:,} bytes when decompressed",
                            where=raw.name,
                            way_out="check the file, or raise `max_bytes` in the contract's delivery",
                        )
                    )
                yield chunk
                if not chunk:
                    return
    except OSError as error:
        raise UnreadableFile(
            Defect(
                what=f"it cannot be decompressed by {compression}: {str(error).partition(chr(10))[0][:200]}",
                where=raw.name,
                way_out="the upload may be incomplete: deliver the file again",
            )
        ) from None


def _check_kind(raw: RawFile, start: bytes, encoding: str) -> None:
    for magic, (what, way_out) in _OTHER_KINDS.items():
        if start.startswith(magic) and not (what == "it is UTF-16" and encoding.startswith("utf-16")):
            raise UnreadableFile(Defect(what=f"{what}, despite its name", where=raw.name, way_out=way_out))


def _undecodable(raw: RawFile, encoding: str, byte: int) -> Defect:
    name = encoding.upper()
    return Defect(
        what=f"byte {byte} is not {name}",
        where=raw.name,
        way_out="export the file as UTF-8, or declare its `encoding` in `delivery.format`"
        if name == "UTF-8"
        else f"export the file as {name}, or correct `encoding` in `delivery.format`",
    )
