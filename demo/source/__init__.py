"""Simulated sources: each drops a public package's days into a landing zone, when its owner would know them."""

from demo.source import flights, groceries
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
]
