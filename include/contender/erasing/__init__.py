"""Erasing: takes every row with a key out of tables, old snapshots and copies, and reports what it cannot reach.

It decides what there is to erase and records what was done; commits and snapshots are the lake's.
"""

from contender.erasing.copies import Copy
from contender.erasing.erasure import Erasure, ErasureError, erase, plan_erasure

__all__ = ["Copy", "Erasure", "ErasureError", "erase", "plan_erasure"]
