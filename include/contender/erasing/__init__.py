"""Erasure: remove all rows with a key from tables, old snapshots and copies, and report what cannot be reached.

It plans and records an erasure; `lake` does the commits and expires snapshots.
"""

from contender.erasing.copies import Copy
from contender.erasing.erasure import Erasure, ErasureError, erase, plan_erasure

__all__ = ["Copy", "Erasure", "ErasureError", "erase", "plan_erasure"]
