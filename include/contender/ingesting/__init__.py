"""Copy a delivery out of the landing zone and stage it as typed Parquet."""

from contender.ingesting.land import land, stage_file

__all__ = ["land", "stage_file"]
