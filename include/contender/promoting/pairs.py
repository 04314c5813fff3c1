"""Fingerprints of the paired days that an evidence was computed from."""

from __future__ import annotations

from collections.abc import Sequence

from contender.records import PairedDay, identify


def fingerprint_pairs(pairs: Sequence[PairedDay]) -> str:
    """Return a fingerprint of paired days: equal for equal days, versions, rows and losses."""
    lines = (
        f"{p.day} {p.incumbent_version} {p.rival_version} {p.incumbent_loss!r} {p.rival_loss!r} {p.rows}"
        for p in pairs
    )
    return identify("pairs", *lines)
