"""Read the fields of a delivered CSV file, as texts and as typed values."""

from contender.csv_fields.raw_text import find_unreadable, read_header
from contender.csv_fields.texts import (
    find_leading_zeros,
    find_unfit,
    judge_names,
    no_texts,
    read_texts,
    why_no_csv,
)

__all__ = [
    "find_leading_zeros",
    "find_unfit",
    "find_unreadable",
    "judge_names",
    "no_texts",
    "read_header",
    "read_texts",
    "why_no_csv",
]
