"""Guess the format of a delivered CSV file: its encoding, the lines above its header, its marks, and its dates."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contender.drafting.draft import DraftError
from contender.drafting.infer import fits, infer_type
from contender.file_formats import UnreadableFile, open_plain
from contender.landing import RawFile
from contender.specs import Csv

_LINES = 500
_DELIMITERS = (",", ";", "\t", "|")
_DECLARED = re.compile(r"sep=(.)\s*")  # Excel's first line
# Words that no source means as text.
_WORDS = ("NULL", "null", "NaN", "nan", r"\N", "N/A", "n/a", "#N/A")
_MARKS = ((",", ""), (",", "."), (",", " "), (".", ","), (".", " "), (".", "'"))
_DATES = ("%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d")
_TIMES = tuple(f"{day} {clock}" for day in _DATES for clock in ("%H:%M", "%H:%M:%S"))
_LOCAL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$"
_CODE = r"^[A-Z]{2}$"


class _Fit(NamedTuple):
    """How well a delimiter fits: the share of records with the most frequent number of fields, and that number."""

    share: float
    fields: int
    above: int
    delimiter: str


def most_bytes(raw: RawFile) -> int:
    """Return the most bytes that a drafted file may expand to."""
    return max(100 * raw.size, 1 << 30)


def guess_layout(raw: RawFile) -> Csv:
    """Return the encoding, the lines above the header, delimiter and escape of a CSV file. Raises UnreadableFile."""
    encoding = _guess_encoding(raw)
    with (
        open_plain(raw, encoding, most_bytes(raw)) as plain,
        plain.copy_path.open(encoding="utf-8-sig") as file,
    ):
        lines = list(islice(file, _LINES))
    text = "".join(lines)
    escape = "\\" if '\\"' in text and '""' not in text.replace('\\"', "").replace(',""', "") else None
    layout = Csv(encoding=encoding, escape=escape)
    if declared := _DECLARED.fullmatch(lines[0] if lines else ""):
        return layout.model_copy(update={"delimiter": declared[1], "skip_lines": 1})
    best = max((_try(lines, delimiter, escape) for delimiter in _DELIMITERS), key=lambda fit: fit[:2])
    if best.fields < 2:
        return layout
    return layout.model_copy(update={"delimiter": best.delimiter, "skip_lines": best.above})


def _guess_encoding(raw: RawFile) -> str:
    with raw.copy_path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
    try:
        with open_plain(raw, "utf-8", most_bytes(raw)):
            return "utf-8"
    except UnreadableFile as error:
        if "is not UTF-8" not in error.defect.what:
            raise
    return "cp1252"


def _try(lines: Sequence[str], delimiter: str, escape: str | None) -> _Fit:
    try:
        counts = [len(found) for found in csv.reader(lines, delimiter=delimiter, escapechar=escape)]
    except csv.Error as error:
        raise DraftError(f"it is not a CSV file: {error}: quote fields according to RFC 4180") from None
    if not counts:
        return _Fit(0, 0, 0, delimiter)
    usual, _ = Counter(counts[len(counts) // 2 :]).most_common(1)[0]
    above = counts.index(usual)
    share = counts.count(usual) / len(counts[above:])
    return _Fit(share if usual > 1 else 0, usual, above, delimiter)


def guess_values(texts: pa.Table, layout: Csv) -> Csv:
    """Return the format with the marks of numbers, the words for missing values, and the forms of dates and times."""
    columns = {name: texts[name].combine_chunks() for name in texts.column_names}
    words = {name: _words_in(column) for name, column in columns.items()}
    bare = {name: _without(column, (*layout.missing, *words[name])) for name, column in columns.items()}
    form = layout.model_copy(update=_guess_marks(bare))
    texts_left = [column for column in bare.values() if infer_type(column, form) == "string"]
    form = form.model_copy(update=_guess_times(_candidates(bare), texts_left))
    used = [
        word for name, column in bare.items() if infer_type(column, form) != "string" for word in words[name]
    ]
    codes = {name: ("",) for name, column in columns.items() if _has_code_na(column)}
    return form.model_copy(update={"missing": (*layout.missing, *dict.fromkeys(used)), "missing_in": codes})


def _words_in(texts: pa.Array) -> tuple[str, ...]:
    return tuple(pc.unique(texts.filter(pc.is_in(texts, pa.array(_WORDS)))).to_pylist())


def _without(texts: pa.Array, words: Sequence[str]) -> pa.Array:
    return pc.if_else(pc.is_in(texts, pa.array(words, pa.string())), pa.scalar(None, pa.string()), texts)


def _has_code_na(texts: pa.Array) -> bool:
    """Return whether NA is a code like the others in a column, such as that of Namibia."""
    values = set(pc.unique(texts).to_pylist()) - {"", None}
    return "NA" in values and len(values) > 1 and all(re.match(_CODE, value) for value in values)


def _guess_marks(columns: dict[str, pa.Array]) -> dict[str, object]:
    """Return the marks with which the most columns are numbers; nothing if these are the usual ones."""
    filled = [column for column in columns.values() if column.null_count < len(column)]
    numbers = [column for column in filled if fits(column, "number")]
    others = [column for column in filled if not any(column is number for number in numbers)]
    best, most = ((".", ""), len(numbers))
    for decimal, thousands in _MARKS:
        form = Csv(delimiter="\t", decimal=decimal, thousands=thousands)
        gained = sum(fits(column, "number", form) for column in others)
        kept = sum(fits(column, "number", form) for column in numbers) if gained else 0
        if gained + kept > most:
            best, most = (decimal, thousands), gained + kept
    return {} if best == (".", "") else {"decimal": best[0], "thousands": best[1]}


def _candidates(columns: dict[str, pa.Array]) -> list[pa.Array]:
    """Return the columns that may be dates though they look like numbers, judging by their names."""
    return [
        column for name, column in columns.items() if re.search(r"(^|_)(day|date|datum)(_|$)", name.lower())
    ]


def _guess_times(named: Sequence[pa.Array], texts: Sequence[pa.Array]) -> dict[str, object]:
    filled = [column for column in texts if column.null_count < len(column)]
    guessed: dict[str, object] = {}
    compact = [column for column in named if infer_type(column) == "integer"]
    for form in _DATES:
        if any(fits(column, "date", Csv(dates=form)) for column in (*filled, *compact)):
            guessed["dates"] = form
            break
    for form in _TIMES:
        if any(fits(column, "timestamp", Csv(timestamps=form)) for column in filled):
            return {**guessed, "timestamps": form, "zone": "UTC"}
    if any(pc.all(pc.match_substring_regex(column, _LOCAL)).as_py() for column in filled):
        guessed["zone"] = "UTC"
    return guessed
