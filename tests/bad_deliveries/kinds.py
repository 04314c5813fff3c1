"""Every kind of bad delivery, made from a real file: the content and the expected result.

A kind is a function of the good file's bytes. Those that need more than content (a link, a file that grows)
are in `places.py`.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from demo import source

Outcome = Literal["fail", "warn", "pass", "waits", "refused"]
Change = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of bad delivery: which dataset's file, what is expected, and words that the message must have."""

    name: str
    what: str
    dataset: str
    make: Change
    outcome: Outcome
    told: tuple[str, ...]


KINDS: list[Kind] = []


def kind(dataset: str, outcome: Outcome, *told: str) -> Callable[[Change], Change]:
    """Enter a function into the corpus, under its name and docstring."""

    def enter(make: Change) -> Change:
        what = (make.__doc__ or "").rstrip(".")
        KINDS.append(Kind(make.__name__, what, dataset, make, outcome, told))
        return make

    return enter


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


def text_of(rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def with_column(
    content: bytes, column: str, change: Callable[[str], str], only: Callable[[int], bool] = lambda _: True
) -> bytes:
    """The file with the values of a column changed, in all rows or in some (numbered from 0)."""
    header, *body = rows_of(content)
    at = header.index(column)
    for number, row in enumerate(body):
        if only(number):
            row[at] = change(row[at])
    return text_of([header, *body])


# The file


@kind("departures", "fail", "fields", "line ")
def truncated(content: bytes) -> bytes:
    """The upload was cut in the middle of a line."""
    half = content[: len(content) // 2]
    return half[: half.rindex(b",")]


@kind("departures", "fail", "the file is empty")
def empty(content: bytes) -> bytes:
    """A file of no bytes."""
    return b""


@kind("departures", "fail", "rows", "500 to 1300")
def header_only(content: bytes) -> bytes:
    """Nothing but the line of names."""
    return content.split(b"\n")[0] + b"\n"


@kind("departures", "fail", "are missing", "line 1")
def headless(content: bytes) -> bytes:
    """The line of names was left out."""
    return content.split(b"\n", 1)[1]


@kind("departures", "fail", "are missing", "line 1")
def wrong_delimiter(content: bytes) -> bytes:
    """Semicolons instead of commas."""
    return content.replace(b",", b";")


@kind("departures", "fail", "is not UTF-8")
def latin_1(content: bytes) -> bytes:
    """An accented letter in another encoding."""
    return content.replace(b",LAX,", ",LÀX,".encode("latin-1"))


@kind("departures", "fail", "UTF-16")
def utf_16(content: bytes) -> bytes:
    """The whole file in UTF-16."""
    return content.decode().encode("utf-16")


@kind("departures", "pass")
def byte_order_mark(content: bytes) -> bytes:
    """A byte order mark before the first name: harmless."""
    return b"\xef\xbb\xbf" + content


@kind("departures", "pass")
def windows_line_ends(content: bytes) -> bytes:
    """Lines that end as on Windows: harmless."""
    return content.replace(b"\n", b"\r\n")


@kind("departures", "pass")
def blank_lines_at_the_end(content: bytes) -> bytes:
    """Empty lines after the last: harmless."""
    return content + b"\n\n\n"


@kind("departures", "fail", "gzip", "uncompressed")
def gzip_under_a_csv_name(content: bytes) -> bytes:
    """Compressed, though its name says it is not."""
    return gzip.compress(content)


@kind("departures", "fail", "gzip", "uncompressed")
def gzip_bomb(content: bytes) -> bytes:
    """Fifty megabytes of the letter A in fifty kilobytes: never unpacked."""
    return gzip.compress(b"A" * 50_000_000)


@kind("departures", "fail", "ZIP archive")
def zip_bomb(content: bytes) -> bytes:
    """An archive of a thousandfold size: never unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("departures.csv", b"A" * 50_000_000)
    return out.getvalue()


@kind("departures", "fail", "are missing")
def error_page(content: bytes) -> bytes:
    """The source's web server answered with a page."""
    return b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>\n"


@kind("departures", "fail", "never closed")
def open_quote(content: bytes) -> bytes:
    """A quote that is opened and never closed."""
    return content.replace(b",LAX,", b',"LAX,', 1)


@kind("departures", "fail", "dest has the form")
def very_long_field(content: bytes) -> bytes:
    """Three megabytes in one field: read, and rejected for its form."""
    return content.replace(b",LAX,", b"," + b"X" * 3_000_000 + b",", 1)


@kind("departures", "fail", "is not UTF-8")
def bytes_of_noise(content: bytes) -> bytes:
    """A block of the file overwritten with noise."""
    middle = len(content) // 2
    return content[:middle] + bytes(range(128, 256)) + content[middle + 128 :]


@kind("departures", "fail", "values are not of type string", "column carrier", "\\x00")
def nul_bytes(content: bytes) -> bytes:
    """NUL bytes in a text column."""
    return with_column(content, "carrier", lambda v: v + "\x00", only=lambda n: n == 7)


@kind("departures", "pass")
def delivered_twice(content: bytes) -> bytes:
    """The same file again: nothing changes."""
    return content


@kind("departures", "pass")
def delivered_again_and_corrected(content: bytes) -> bytes:
    """Another good file of a day that is published: it replaces the first one."""
    return with_column(content, "dep_delay", lambda _: "17", only=lambda n: n == 0)


# The columns


@kind("departures", "fail", "dep_delay are missing", "departure_delay")
def column_renamed(content: bytes) -> bytes:
    """A column under a new name."""
    return content.replace(b"dep_delay", b"departure_delay", 1)


@kind("departures", "fail", "dest are missing")
def column_dropped(content: bytes) -> bytes:
    """A column left out."""
    rows = rows_of(content)
    at = rows[0].index("dest")
    return text_of([[*row[:at], *row[at + 1 :]] for row in rows])


@kind("departures", "pass")
def columns_reordered(content: bytes) -> bytes:
    """The columns in another order: harmless."""
    return text_of([list(reversed(row)) for row in rows_of(content)])


@kind("departures", "warn", "'gate'", "not in the contract", "set aside")
def column_added(content: bytes) -> bytes:
    """A column that is not in the contract: set aside, with a warning."""
    header, *body = rows_of(content)
    return text_of([[*header, "gate"], *([*row, "B12"] for row in body)])


@kind("departures", "fail", "'dest'", "occurs twice")
def column_twice(content: bytes) -> bytes:
    """A column that is there twice."""
    return text_of([[*row, row[4]] for row in rows_of(content)])


@kind("departures", "fail", "\\u043e")
def look_alike_header(content: bytes) -> bytes:
    """A Cyrillic o in a column's name."""
    return content.replace(b"origin", "оrigin".encode(), 1)


@kind("departures", "fail", "values are not of type integer", "column flight")
def column_retyped(content: bytes) -> bytes:
    """Numbers that have become text."""
    return with_column(content, "flight", lambda v: f"FL{v}")


@kind("departures", "fail", "values are not of type date", "column day")
def dates_in_another_form(content: bytes) -> bytes:
    """Days written as 02.09.2013."""
    return with_column(content, "day", lambda _: "02.09.2013")


@kind("schedule", "fail", "values are not of type number", "column distance", "in miles")
def decimal_comma(content: bytes) -> bytes:
    """Numbers with a decimal comma, rightly quoted."""
    return with_column(content, "distance", lambda v: v.replace(".", ",") if "." in v else f"{v},0")


@kind("schedule", "fail", "values are not of type number", "column distance", "nan")
def not_a_number(content: bytes) -> bytes:
    """Values that say that they are none."""
    return with_column(content, "distance", lambda _: "nan", only=lambda n: n == 3)


@kind("departures", "fail", "values are not of type integer", "column flight")
def rows_shifted(content: bytes) -> bytes:
    """One row moved a field to the right."""
    lines = content.split(b"\n")
    lines[5] = b"," + lines[5].rsplit(b",", 1)[0]
    return b"\n".join(lines)


# The rows


@kind("departures", "fail", "no two rows share")
def export_appended_to_itself(content: bytes) -> bytes:
    """The export was started again half-way and appended its second half."""
    header, *lines = content.splitlines(keepends=True)
    return b"".join([header, *lines, *lines[len(lines) // 2 :]])


@kind("departures", "fail", "no two rows share", "rows")
def every_row_twice(content: bytes) -> bytes:
    """Every row there twice."""
    header, *lines = content.splitlines(keepends=True)
    return b"".join([header, *(line * 2 for line in lines)])


@kind("departures", "fail", "no two rows share")
def primary_key_reused(content: bytes) -> bytes:
    """Another flight under a flight's number."""
    header, *body = rows_of(content)
    body[10][:4] = body[9][:4]
    return text_of([header, *body])


@kind("departures", "fail", "of another day", "2013-09-01")
def another_days_data(content: bytes) -> bytes:
    """Yesterday's rows under today's name."""
    return content.replace(b"2013-09-02", b"2013-09-01")


@kind("departures", "fail", "rows equal those of 2013-09-01 except for the day", "the feed may be stuck")
def stuck_feed(_: bytes) -> bytes:
    """Yesterday's rows under today's date."""
    with TemporaryDirectory() as folder:
        (dropped,) = source.drop("departures", [date(2013, 9, 1)], folder)
        return Path(dropped.place or "").read_bytes().replace(b"2013-09-01", b"2013-09-02")


@kind("departures", "fail", "of another day", "2031-09-02")
def a_day_from_the_future(content: bytes) -> bytes:
    """A few rows of a day that is years away."""
    return with_column(content, "day", lambda _: "2031-09-02", only=lambda n: n % 100 == 0)


@kind("departures", "fail", "500 to 1300")
def half_a_day(content: bytes) -> bytes:
    """The export stopped at noon."""
    header, *lines = content.splitlines(keepends=True)
    return b"".join([header, *lines[: len(lines) * 2 // 5]])


@kind("departures", "fail", "500 to 1300")
def tenfold_volume(content: bytes) -> bytes:
    """Ten times the rows, each with a key of its own."""
    header, *body = rows_of(content)
    more = [[row[0], f"{row[1][0]}{copy}", *row[2:]] for copy in range(10) for row in body]
    return text_of([header, *more])


@kind("weather", "fail", "as many rows as on other Mondays")
def volume_of_another_weekday(content: bytes) -> bytes:
    """Within the fixed bounds, and yet far fewer than on such days: half the airports' hours."""
    header, *lines = content.splitlines(keepends=True)
    return b"".join([header, *lines[:32]])


@kind("departures", "fail", "day has a value")
def keys_without_values(content: bytes) -> bytes:
    """The day missing in some rows."""
    return with_column(content, "day", lambda _: "", only=lambda n: n < 3)


# The values


@kind("departures", "fail", "dep_delay is distributed")
def nulls_exploded(content: bytes) -> bytes:
    """A column that may be missing, missing everywhere."""
    return with_column(content, "dep_delay", lambda _: "")


@kind("departures", "warn", "arr_delay is distributed")
def constant_column(content: bytes) -> bytes:
    """A measured value that no longer changes."""
    return with_column(content, "arr_delay", lambda _: "90")


@kind("schedule", "fail", "origin is one of", "SWF")
def new_category(content: bytes) -> bytes:
    """A fourth airport."""
    return with_column(content, "origin", lambda _: "SWF", only=lambda n: n == 0)


@kind("schedule", "fail", "carrier has the form")
def category_renamed(content: bytes) -> bytes:
    """Airlines by three letters instead of two."""
    return with_column(content, "carrier", lambda v: "UAL" if v == "UA" else v)


@kind("schedule", "fail", "carrier is distributed")
def category_renamed_plausibly(content: bytes) -> bytes:
    """An airline under another one's code, which every fixed rule allows."""
    return with_column(content, "carrier", lambda v: "XX" if v in {"UA", "B6"} else v)


@kind("schedule", "fail", "carrier has the form", "\\u0410")
def look_alike_value(content: bytes) -> bytes:
    """A Cyrillic A in an airline's code."""
    return with_column(content, "carrier", lambda v: "А" + v[1:] if v == "AA" else v)


@kind("schedule", "fail", "distance is distributed")
def unit_changed(content: bytes) -> bytes:
    """Kilometres instead of miles."""
    return with_column(content, "distance", lambda v: f"{float(v) * 1.609344:.0f}")


@kind("departures", "fail", "air_time is between")
def seconds_instead_of_minutes(content: bytes) -> bytes:
    """Air time in seconds."""
    return with_column(content, "air_time", lambda v: str(int(float(v)) * 60) if v else v)


@kind("schedule", "fail", "distance is between", "-")
def negative_distances(content: bytes) -> bytes:
    """A sign lost its meaning."""
    return with_column(content, "distance", lambda v: f"-{v}", only=lambda n: n % 50 == 0)


@kind("departures", "fail", "dep_delay is between", "99999")
def outliers(content: bytes) -> bytes:
    """A filler for missing delays."""
    return with_column(content, "dep_delay", lambda _: "99999", only=lambda n: n == 5)


@kind("departures", "fail", "dep_time is between", "2561")
def impossible_times(content: bytes) -> bytes:
    """Clocks beyond midnight."""
    return with_column(content, "dep_time", lambda _: "2561", only=lambda n: n == 5)


@kind("schedule", "fail", "sched_dep_time is between 500")
def time_zone_shifted(content: bytes) -> bytes:
    """Local times delivered in UTC."""
    return with_column(content, "sched_dep_time", lambda v: str((int(v) + 400) % 2400))


@kind("weather", "fail", "observed_at falls on its day")
def hour_of_daylight_saving(content: bytes) -> bytes:
    """Observations an hour late, as after a forgotten change of clocks."""
    return with_column(content, "observed_at", lambda v: v.replace("T04", "T03"))


@kind("schedule", "fail", "dest has the form", "=cmd")
def csv_injection(content: bytes) -> bytes:
    """A formula that a spreadsheet would run."""
    return with_column(content, "dest", lambda _: "=cmd|' /C calc'!A0", only=lambda n: n == 0)


@kind("schedule", "fail", "dest has the form", "<script>")
def markup_in_a_value(content: bytes) -> bytes:
    """A script that a page would run."""
    return with_column(content, "dest", lambda _: "<script>alert(1)</script>", only=lambda n: n == 0)


@kind("schedule", "fail", "dest has the form")
def spaces_around_values(content: bytes) -> bytes:
    """Values padded to a fixed width."""
    return with_column(content, "dest", lambda v: f"{v}  ")


@kind("schedule", "fail", "dest has the form")
def small_letters(content: bytes) -> bytes:
    """Codes in small letters."""
    return with_column(content, "dest", lambda v: v.lower())
