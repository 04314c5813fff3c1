"""Turn texts into the values of a type, and find the texts that do not fit it."""

from __future__ import annotations

import re
from math import isfinite

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contender.specs import ColumnType, Csv, JsonLines

TextForm = Csv | JsonLines

_HEXADECIMAL = r"^[+-]?0[xX]"
_LEADING_ZERO = r"^[+-]?0[0-9]"
_LONG = r"^[+-]?[0-9]{16,}$"  # whole numbers that a floating-point number may not hold exactly
_LOCAL = "%Y-%m-%dT%H:%M:%S"
_WITHOUT_ZONE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$"
_SPACES = "[ \u00a0\u202f]"
# Fits no type but text.
_NOTHING = "\ufffd"


def mark_missing(texts: pa.Array, column: str, form: TextForm) -> pa.Array:
    """Return the texts with null for those that stand for a missing value in this column."""
    words = form.missing_words(column)
    if not words:
        return texts
    return pc.if_else(pc.is_in(texts, pa.array(words, pa.string())), pa.scalar(None, pa.string()), texts)


def to_plain(texts: pa.Array, wanted: ColumnType, form: TextForm) -> pa.Array:
    """Return numbers, dates and timestamps as Arrow reads them: 1.5, 2013-09-01 and 2013-09-01T05:00:00Z.

    A text that does not have the declared form becomes one that fits no such type.
    """
    if wanted in ("integer", "number") and isinstance(form, Csv):
        return _plain_numbers(texts, form)
    if wanted == "date" and form.dates is not None:
        return _plain_times(texts, form.dates, "%Y-%m-%d")
    if wanted == "timestamp":
        return _plain_timestamps(texts, form)
    return texts


def find_unfit(texts: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Return the distinct texts that do not fit the type.

    Control characters, nan and inf fit no type, and neither do whole numbers that would change: hexadecimal ones, and
    those with more digits than the type holds.
    """
    if pa.types.is_string(wanted):
        return pc.unique(texts.filter(pc.match_substring_regex(texts, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")))
    try:
        values = pc.cast(texts, wanted)
    except pa.ArrowInvalid:
        distinct = pc.drop_null(pc.unique(texts))
        return pa.array([text for text in distinct.to_pylist() if not _fits(text, wanted)], pa.string())
    if pa.types.is_floating(wanted):
        suspects = pc.unique(
            texts.filter(pc.fill_null(pc.or_(pc.invert(pc.is_finite(values)), _matches(texts, _LONG)), False))
        )
        return pa.array([text for text in suspects.to_pylist() if not _fits(text, wanted)], pa.string())
    if pa.types.is_integer(wanted):
        return pc.unique(texts.filter(_matches(texts, _HEXADECIMAL)))
    return pa.array([], pa.string())


def fits_type(texts: pa.Array, wanted: pa.DataType) -> bool:
    """Return whether `find_unfit` finds nothing; faster where it would find much."""
    try:
        pc.cast(texts, wanted)
    except pa.ArrowInvalid:
        return False
    return not len(find_unfit(texts, wanted))


def find_leading_zeros(texts: pa.Array) -> pa.Array:
    """Return for each text whether it is digits with leading zeros, which a number loses; null where it is missing."""
    return _matches(texts, _LEADING_ZERO)


def _plain_numbers(texts: pa.Array, form: Csv) -> pa.Array:
    if form.decimal == "." and not form.thousands:
        return texts
    mark = re.escape(form.decimal)
    plain = rf"^[+-]?[0-9]*({mark}[0-9]*)?([eE][+-]?[0-9]+)?$"
    fits = _matches(texts, plain)
    numbers = texts
    if form.thousands:
        between = _SPACES if form.thousands == " " else re.escape(form.thousands)
        grouped = _matches(texts, rf"^[+-]?[0-9]{{1,3}}({between}[0-9]{{3}})+({mark}[0-9]*)?$")
        fits = pc.or_(fits, grouped)
        numbers = pc.replace_substring_regex(texts, between, "")
    numbers = pc.replace_substring(numbers, form.decimal, ".")
    return pc.if_else(fits, numbers, pa.scalar(_NOTHING))


def _plain_times(texts: pa.Array, form: str, written: str) -> pa.Array:
    """Return the texts in another form; what is not a time of the calendar, such as 31 February, becomes unfit."""
    times = pc.strptime(texts, form, "s", error_is_null=True)
    again = pc.strftime(times, form, locale="C")
    real = pc.fill_null(pc.equal(_without_zeros(again), _without_zeros(texts)), False)
    plain = pc.strftime(times, written, locale="C")
    return pc.if_else(pc.is_null(texts), texts, pc.if_else(real, plain, pa.scalar(_NOTHING)))


def _without_zeros(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, r"(^|[^0-9])0+([0-9])", r"\1\2")


def _plain_timestamps(texts: pa.Array, form: TextForm) -> pa.Array:
    if form.timestamps is not None:
        texts = _plain_times(texts, form.timestamps, _LOCAL)
    if form.timestamps is None and form.zone is None:
        return texts
    local = pc.if_else(_matches(texts, _WITHOUT_ZONE), texts, pa.scalar(None, pa.string()))
    unfit = find_unfit(local, pa.timestamp("us"))
    local = pc.if_else(pc.is_in(local, unfit), pa.scalar(None, pa.string()), local)
    times = to_utc(pc.cast(local, pa.timestamp("us")), form.zone or "UTC")
    return pc.if_else(pc.is_valid(times), pc.strftime(times, f"{_LOCAL}Z", locale="C"), texts)


def to_utc(times: pa.Array, zone: str) -> pa.Array:
    """Return times of a zone in UTC: of an hour that occurs twice, the first; of one that is skipped, its end."""
    local = times.to_pandas()
    first = np.ones(len(local), dtype=bool)  # summer time comes first when the clock is set back
    utc = local.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")
    return pa.Array.from_pandas(utc, type=pa.timestamp("us", tz="UTC"))


def _fits(text: str, wanted: pa.DataType) -> bool:
    try:
        value = pc.cast(pa.scalar(text), wanted)
    except pa.ArrowInvalid:
        return False
    if pa.types.is_integer(wanted):
        return re.match(_HEXADECIMAL, text) is None
    if pa.types.is_floating(wanted):
        return isfinite(value.as_py()) and (re.match(_LONG, text) is None or int(text) == int(value.as_py()))
    return True


def _matches(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(texts, pattern)
