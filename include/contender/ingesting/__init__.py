"""Copy a delivery out of the landing zone and stage it as typed Parquet."""

from contender.ingesting.land import land

__all__ = ["land"]
