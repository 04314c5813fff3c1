"""Land: copies a delivery out of the landing zone and stages it as typed Parquet, whatever its state."""

from contender.ingesting.land import land

__all__ = ["land"]
