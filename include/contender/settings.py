"""Every setting of an installation in one typed place, read from the environment; docs/SETTINGS.md is made from it."""

from __future__ import annotations

import os
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Read from `CONTENDER_*`. Secrets are not among them: they come by Airflow connections or AWS's own variables."""

    model_config = SettingsConfigDict(
        env_prefix="CONTENDER_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # it may be a URL with a password
    )

    home: Path = Field(
        default=PROJECT / ".contender",
        description="Folder of all generated state that has no place of its own.",
    )
    catalog_home: Path = Field(
        default=PROJECT / "include" / "catalog", description="Folder of the dataset and model contracts."
    )
    landing: str = Field(
        default="", description="Landing zone: a folder or `s3://bucket/prefix`. Default `<home>/landing`."
    )
    landing_endpoint: str | None = Field(
        default=None, description="Endpoint of the S3 server of the landing zone, when it is not AWS."
    )
    lake: str = Field(
        default="",
        description="Place of the Iceberg tables: a folder or `s3://bucket/prefix`. Default `<home>/lake`.",
    )
    batches: str = Field(
        default="",
        description="Place of batches on their way into the lake (staging, quarantine, aside): a folder that every "
        "worker sees, or `s3://bucket/prefix`. Default `<home>`.",
    )
    lake_catalog: str = Field(
        default="",
        description="The Iceberg catalogue: a SQLAlchemy URL, or the `http…` of a REST catalogue. "
        "Default SQLite in `<home>`.",
    )
    records: str = Field(
        default="", description="SQLAlchemy URL of the book of record. Default SQLite in `<home>`."
    )
    registry: str = Field(
        default="", description="MLflow tracking URI. Default SQLite in `<home>`, artifacts beside it."
    )
    reports: str = Field(
        default="",
        description="Place of the HTML reports: a folder or `s3://bucket/prefix`. Default `<home>/reports`.",
    )
    nightly_from: date | None = Field(
        default=None,
        description="First day that cron ingests; days missed while Airflow was down are made up for. "
        "Without it, nights are started by partition key alone.",
    )
    engine: Literal["auto", "spark", "duckdb"] = Field(
        default="auto",
        description="Where features are built: `auto` takes Spark for ranges and large nights.",
    )
    spark_rows: int = Field(
        default=5_000_000, gt=0, description="Input rows from which `auto` takes Spark for a single night."
    )
    gate_spark_rows: int = Field(
        default=5_000_000, gt=0, description="Rows from which a batch is checked on Spark, not in memory."
    )
    spark_partitions: int = Field(
        default=2, gt=0, description="Partitions of a shuffle: about as many as Spark has cores."
    )
    announcements_pool: str = Field(
        default="default_pool",
        description="Airflow pool of the tasks that announce what was published. On Postgres it must have one slot: "
        "two announcements at the same moment may be counted there for a night each (Airflow 3.3), and none starts.",
    )
    snapshot_days: int = Field(
        default=30,
        gt=0,
        description="Days that an older snapshot of a table is kept, unless a version was fitted on it.",
    )
    ui_url: str = Field(
        default="http://127.0.0.1:8080",
        description="Where people reach the Airflow UI; links in mails begin so.",
    )
    ui_user: str = Field(
        default="admin",
        description="Who starts runs for `contender backfill`; the password is in `CONTENDER_UI_PASSWORD`, "
        "or asked for.",
    )
    platform_owner: str = Field(
        default="platform@contender.example",
        description="Who hears of what belongs to no dataset and no model.",
    )
    mail_from: str = Field(default="contender@contender.example", description="Sender of alert mails.")

    def model_post_init(self, _: object) -> None:
        """Places that are not set lie below `home`."""
        for name, place in _places_below(self.home).items():
            if not getattr(self, name):
                object.__setattr__(self, name, place)

    def moved_to(self, home: Path) -> Settings:
        """Return these settings with every place below another home; what runs by them touches nothing here."""
        return self.model_copy(update={"home": home, **_places_below(home)})

    @property
    def staging(self) -> str:
        """Where batches wait for their gate; its content may be lost at any time."""
        return f"{self.batches}/staging"

    @property
    def aside(self) -> str:
        """Where columns are kept that were delivered though no contract names them."""
        return f"{self.batches}/aside"

    @property
    def quarantine(self) -> str:
        """Where failed batches wait for a person."""
        return f"{self.batches}/quarantine"


def _places_below(home: Path) -> dict[str, str]:
    return {
        "landing": f"{home}/landing",
        "lake": f"{home}/lake",
        "batches": str(home),
        "lake_catalog": f"sqlite:///{home}/lake-catalog.db",
        "records": f"sqlite:///{home}/records.db",
        "registry": f"sqlite:///{home}/registry.db",
        "reports": f"{home}/reports",
    }


def spark_settings() -> dict[str, str]:
    """What Spark has to know to reach the same S3 server by `s3a://`; who asks it reads from AWS's variables."""
    endpoint, region = s3_endpoint(), s3_region()
    told = {"spark.hadoop.fs.s3a.endpoint.region": region} if region else {}
    if endpoint:
        told["spark.hadoop.fs.s3a.endpoint"] = endpoint
        told["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return told


def s3_endpoint() -> str | None:
    """The address of an S3 server that is not AWS."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def s3_region() -> str | None:
    """The region of the buckets, as AWS's clients look for it."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


class SettingsError(Exception):
    """What is wrong with the settings: a line for each variable, without its value, which may hold a password."""


@lru_cache
def settings() -> Settings:
    """The settings of this process. Raises SettingsError, naming each variable that cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"CONTENDER_{'_'.join(str(part) for part in found['loc']).upper()}: {found['msg']}: see docs/SETTINGS.md"
            for found in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None
