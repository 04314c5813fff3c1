"""Copy a delivery out of the landing zone and stage it as typed Parquet."""

from contender.ingesting.land import group_files, land, stage_files

__all__ = ["group_files", "land", "stage_files"]
