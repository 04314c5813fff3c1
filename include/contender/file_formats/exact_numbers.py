"""Find numbers that another type cannot hold: the definition of an exact conversion, for deliveries and built columns.

Each function takes an array or a chunked array, and returns for each value whether it would change; null for null.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

_LEAST, _BEYOND = -(2**63), 2**63


def has_fraction(values: Any) -> Any:
    """Return which floating-point numbers or decimals are not whole."""
    values = _widened(values)
    return pc.not_equal(pc.floor(values), values)


def is_beyond_integers(values: Any) -> Any:
    """Return which numbers are out of the range of 64-bit integers, infinite ones included."""
    if types.is_signed_integer(values.type):
        return pc.less(values, values)  # none
    if types.is_unsigned_integer(values.type):
        return pc.greater(values, pa.scalar(_BEYOND - 1, pa.uint64()))
    values = _widened(values)
    low, high = (
        pa.scalar(Decimal(bound) if types.is_decimal(values.type) else float(bound))
        for bound in (_LEAST, _BEYOND)
    )
    return pc.or_(pc.less(values, low), pc.greater_equal(values, high))


def is_inexact_number(values: Any) -> Any:
    """Return which integers a floating-point number cannot hold exactly, such as 2^53 + 1."""
    wide = pc.cast(values, pa.decimal128(38, 0))
    return pc.not_equal(pc.cast(pc.cast(values, pa.float64(), safe=False), pa.decimal128(38, 0)), wide)


def _widened(values: Any) -> Any:
    """Return decimals with all digits that their type can have, so that rounding one does not overflow it."""
    if types.is_decimal(values.type):
        return pc.cast(values, pa.decimal128(38, values.type.scale))
    return values
