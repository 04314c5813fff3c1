"""Read delivered files of each format, as texts or typed columns, and report what cannot be read."""

from contender.file_formats.csv_text import read_header, read_texts
from contender.file_formats.derived_rows import local_days
from contender.file_formats.exact_numbers import has_fraction, is_beyond_integers, is_inexact_number
from contender.file_formats.json_lines import read_json_lines
from contender.file_formats.parquet_columns import cast_exactly, read_parquet
from contender.file_formats.plain_text import UnreadableFile, open_plain
from contender.file_formats.values import (
    TextForm,
    find_leading_zeros,
    find_unfit,
    fits_type,
    mark_missing,
    to_plain,
)

__all__ = [
    "TextForm",
    "UnreadableFile",
    "cast_exactly",
    "find_leading_zeros",
    "find_unfit",
    "fits_type",
    "has_fraction",
    "is_beyond_integers",
    "is_inexact_number",
    "local_days",
    "mark_missing",
    "open_plain",
    "read_header",
    "read_json_lines",
    "read_parquet",
    "read_texts",
    "to_plain",
]
