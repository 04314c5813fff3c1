"""Parse a CSV file into texts, strictly: what one parser would repair and another refuse is a defect."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from contender.file_formats.plain_text import UnreadableFile
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import Csv

_BLOCK = 1 << 24
_MOST = (1 << 31) - 1  # of one block of the parser, in bytes
_BEGIN = b"\xef\xbb\xbf"


def read_header(raw: RawFile, form: Csv) -> tuple[list[str], bool]:
    """Return the names in the header, and whether more lines follow. Raises UnreadableFile."""
    names, _, has_more = _read_header(raw, form)
    return names, has_more


def _read_header(raw: RawFile, form: Csv) -> tuple[list[str], int, bool]:
    """Return the names in the header, its lines (names may contain line breaks), and whether more lines follow."""
    with raw.copy_path.open(encoding="utf-8-sig", newline="") as file:
        for _ in range(form.skip_lines):
            file.readline()
        reader = csv.reader(
            file, delimiter=form.delimiter, quotechar=form.quote, escapechar=form.escape, strict=True
        )
        try:
            header = next(reader, [])
        except csv.Error as error:
            raise UnreadableFile(_no_csv(raw, str(error))) from None
        return header, reader.line_num, bool(next(file, ""))


def read_texts(raw: RawFile, header: Sequence[str], form: Csv) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
    """Return all lines below the header as texts, and the lines skipped for a wrong number of fields.

    Nothing is missing yet: an empty field is an empty text. Raises UnreadableFile.
    """
    _check_size(raw)
    _check_names(raw, header, form)
    _check_quotes(raw, form)
    ragged: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    content = _keep_escaped_words(raw, form)
    _, lines_of_header, _ = _read_header(raw, form)
    texts = pacsv.read_csv(
        content,
        # Rows have their line numbers only when read on one thread. One block holds the whole file, because the
        # parser loses the second character of a CRLF inside quotes where two blocks meet.
        read_options=pacsv.ReadOptions(
            use_threads=False,
            block_size=(raw.size if isinstance(content, str) else content.size()) + 1,
            column_names=list(header),
            skip_rows=form.skip_lines + lines_of_header,
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=form.delimiter,
            quote_char=form.quote,
            escape_char=form.escape or False,
            newlines_in_values=True,
            invalid_row_handler=note,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types={name: pa.string() for name in header}, strings_can_be_null=False
        ),
    )
    return texts, ragged


def _check_size(raw: RawFile) -> None:
    if raw.size >= _MOST:
        raise UnreadableFile(
            Defect(
                what=f"it has {raw.size:,} bytes, and a CSV file is read up to {_MOST:,}",
                where=raw.name,
                way_out="deliver it as Parquet",
            )
        )


def _check_names(raw: RawFile, header: Sequence[str], form: Csv) -> None:
    if repeated := sorted({name for name in header if list(header).count(name) > 1}):
        raise UnreadableFile(
            Defect(
                what=f"the column {repeated[0]!a} occurs twice",
                where=f"{raw.name}, line {form.skip_lines + 1}",
                way_out="deliver each column once",
            )
        )


def _no_csv(raw: RawFile, why: str, where: str = "") -> Defect:
    return Defect(
        what=f"it is not a CSV file: {why}",
        where=f"{raw.name}{where}",
        way_out="quote fields according to RFC 4180, or declare its `quote` and `escape` in `delivery.format`",
    )


def _keep_escaped_words(raw: RawFile, form: Csv) -> str | pa.BufferReader:
    r"""Return the file, with \N escaped once more which would be read as N, where it means a missing value."""
    words = {word for words in (form.missing, *form.missing_in.values()) for word in words}
    if form.escape is None or not any(word.startswith(form.escape) for word in words):
        return str(raw.copy_path)
    escape, ends = re.escape(form.escape.encode()), re.escape(f"{form.delimiter}\r\n".encode())
    listed = b"|".join(re.escape(word[1:].encode()) for word in sorted(words) if word.startswith(form.escape))
    alone = rb"(?<![^" + ends + rb"])" + escape + rb"(" + listed + rb")(?![^" + ends + rb"])"
    doubled = (form.escape * 2).encode()
    return pa.BufferReader(re.sub(alone, lambda found: doubled + found[1], raw.copy_path.read_bytes()))


def _check_quotes(raw: RawFile, form: Csv) -> None:
    """Raise UnreadableFile for a quote that is never closed, or inside a field without being doubled or escaped.

    Quotes open and close in turn. One that opens must follow a delimiter, a line break or the quote that it doubles;
    one that closes must be followed by one of these.
    """
    data = np.memmap(raw.copy_path, dtype=np.uint8, mode="r")
    start = _start_of_header(raw, form)
    quotes = _positions(data[start:], form) + start
    if len(quotes) % 2:
        raise UnreadableFile(
            Defect(
                what="it is not a CSV file: a quote is opened and never closed",
                where=raw.name,
                way_out="quote fields according to RFC 4180; the upload may be incomplete",
            )
        )
    if not len(quotes):
        return
    ends = np.frombuffer(f"{form.delimiter}\r\n".encode(), dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = np.append(closing[:-1] + 1 == opening[1:], False)
    opens = (
        (opening == start) | np.isin(data[np.maximum(opening, 1) - 1], ends) | np.append(False, doubled[:-1])
    )
    last = len(data) - 1
    closes = (closing == last) | np.isin(data[np.minimum(closing + 1, last)], ends) | doubled
    if opens.all() and closes.all():
        return
    place = int(min([*opening[~opens][:1], *closing[~closes][:1]]))
    line = 1 + int((data[:place] == ord("\n")).sum())
    raise UnreadableFile(
        _no_csv(
            raw,
            f"line {line} has a quote inside a field that is neither doubled nor escaped",
            f", line {line}",
        )
    )


def _start_of_header(raw: RawFile, form: Csv) -> int:
    with raw.copy_path.open("rb") as file:
        if file.read(len(_BEGIN)) != _BEGIN:
            file.seek(0)
        for _ in range(form.skip_lines):
            file.readline()
        return file.tell()


def _positions(data: npt.NDArray[np.uint8], form: Csv) -> npt.NDArray[np.int64]:
    """Return the places of quotes that are not escaped."""
    quote, found, begin = ord(form.quote), [np.empty(0, np.int64)], 0
    escaped = None if form.escape is None else re.compile(re.escape(form.escape.encode()) + rb"[\s\S]")
    while begin < len(data):
        block = data[begin : begin + _BLOCK]
        if escaped is not None:
            text = block.tobytes()
            # An escape at the end of a block belongs to the next one, with what it escapes.
            ends = len(text) - len(text.rstrip(form.escape.encode() if form.escape else b""))
            if ends % 2 and begin + len(text) < len(data):
                text = text[:-1]
            block = np.frombuffer(escaped.sub(b"  ", text), dtype=np.uint8)
        found.append(np.flatnonzero(block == quote) + begin)
        begin += len(block)
    return np.concatenate(found)
