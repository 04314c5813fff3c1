"""Simulated sources: each delivers days of a public data package into a landing zone."""

from demo.source import flights, groceries, stocks
from demo.source.dropping import SOURCES, Dropped, Fault, drop, drop_reference, rows_of, source_of
from demo.source.faults import append_rerun, cut_upload
from demo.source.package import Source

__all__ = [
    "SOURCES",
    "Dropped",
    "Fault",
    "Source",
    "append_rerun",
    "cut_upload",
    "drop",
    "drop_reference",
    "flights",
    "groceries",
    "rows_of",
    "source_of",
    "stocks",
]
