"""The settings of an installation, read from the environment. docs/SETTINGS.md is generated from this module."""

from __future__ import annotations

import os
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from contender.errors import PermanentError
from contender.specs.zones import Zone
from contender.urls import sqlite_url

PROJECT = Path(__file__).resolve().parents[2]
# A JVM that lives for seconds starts sooner with one compiler, and with a garbage collector without threads.
SHORT_LIVED_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class Settings(BaseSettings):
    """Settings from `CONTENDER_*`. Secrets come from Airflow connections or AWS's variables."""

    model_config = SettingsConfigDict(
        env_prefix="CONTENDER_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # a value may be a URL with a password
    )

    home: Path = Field(
        default=PROJECT / ".contender",
        description="Folder of all generated state without a setting of its own.",
    )
    catalog_home: Path = Field(
        default=PROJECT / "include" / "catalog", description="Folder of the dataset and model contracts."
    )
    landing: str = Field(
        default="", description="Landing zone: a folder or `s3://bucket/prefix`. Default `<home>/landing`."
    )
    landing_endpoint: str | None = Field(
        default=None, description="Endpoint of the landing zone's S3 server, if it is not AWS."
    )
    lake: str = Field(
        default="",
        description="Place of the Iceberg tables: a folder or `s3://bucket/prefix`. Default `<home>/lake`.",
    )
    batches: str = Field(
        default="",
        description="Place of staged and quarantined batches, and of columns that are not in a contract: a folder "
        "shared by all workers, or `s3://bucket/prefix`. Default `<home>`.",
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
        description="First day that is ingested by schedule; days missed while Airflow was down are caught up. "
        "If it is not set, nights are only started by hand or through Airflow's API; `contender up` sets it to the day "
        "of its first start.",
    )
    engine: Literal["auto", "spark", "duckdb"] = Field(
        default="auto",
        description="Engine that builds features: `auto` uses Spark for many input rows.",
    )
    spark_rows: int = Field(
        default=5_000_000,
        gt=0,
        description="Input rows of a night, or of a range of nights, from which `auto` uses Spark.",
    )
    gate_spark_rows: int = Field(
        default=5_000_000,
        gt=0,
        description="Rows from which a batch is checked on Spark instead of in memory.",
    )
    score_spark_rows: int = Field(
        default=20_000_000,
        gt=0,
        description="Rows from which a night is scored on Spark instead of in the task's process.",
    )
    spark_partitions: int = Field(
        default=2, gt=0, description="Partitions of a shuffle: about the number of Spark's cores."
    )
    announcements_pool: str = Field(
        default="default_pool",
        description="Airflow pool of the tasks that announce publications. On Postgres it must have one slot: with "
        "Airflow 3.3, two simultaneous announcements may be counted separately, so that no night starts.",
    )
    ranges_pool: str = Field(
        default="default_pool",
        description="Airflow pool of the tasks of runs over a range of days, such as loads and backfills. With fewer "
        "slots than `AIRFLOW__CORE__PARALLELISM`, nights find free slots meanwhile. The pool must exist; "
        "`contender up` and the container stack create `ranges` with two slots.",
    )
    backups: str = Field(
        default="",
        description="Folder or `s3://bucket/prefix` in which a DAG makes a backup every day, at a place named after "
        "the day and time. Without it, backups are made by hand, and none is ever due.",
    )
    snapshot_days: int = Field(
        default=30,
        gt=0,
        description="Days that old snapshots of a table are kept; snapshots that versions were trained on are kept.",
    )
    request_log_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of the requests to `contender serve` that are logged in the lake; 0 logs none.",
    )
    request_log_days: int = Field(
        default=90, gt=0, description="Days of logged requests that are kept, counted back from the newest."
    )
    request_rate: float = Field(
        default=0,
        ge=0,
        description="Prediction requests a second that `contender serve` answers for each API key on average; further "
        "ones are refused with status 429. 0 sets no limit.",
    )
    request_burst: int = Field(
        default=20,
        gt=0,
        description="Requests of an API key that are answered at once before the rate applies.",
    )
    ui_port: int = Field(
        default=8080,
        gt=0,
        lt=65536,
        description="Port of the Airflow that `contender up` starts, on 127.0.0.1. Installations on the same machine "
        "need different ports and homes.",
    )
    ui_url: str = Field(
        default="",
        description="Address of the Airflow UI, for links in mails and for commands that start runs. Default "
        "`http://127.0.0.1:<ui_port>`.",
    )
    runbook_url: str = Field(
        default="docs/RUNBOOK.md",
        description="Address at which people can read the runbook, for links in the mails of incidents.",
    )
    ui_user: str = Field(
        default="admin",
        description="User that starts runs for `contender load` and `contender backfill`. The password is read from "
        "`CONTENDER_UI_PASSWORD`, known for the Airflow of `contender up`, or prompted for.",
    )
    platform_owner: str = Field(
        default="platform@contender.example",
        description="Recipient of alerts that belong to no dataset or model.",
    )
    mail_from: str = Field(default="contender@contender.example", description="Sender of alert mails.")
    push_connections: str = Field(
        default="",
        description="Ids of Airflow connections, separated by commas, to which incidents are sent besides mail: chats "
        "or pagers. The extra of each is that of Airflow's Apprise provider: "
        '`{"config": {"path": "<Apprise URL>"}}`.',
    )
    quiet_hours: str = Field(
        default="18:00-08:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description="Hours in which warnings and reminders are not sent; they wait for the next working hours. "
        "Saturdays and Sundays are quiet. Critical incidents are reported at any time.",
    )
    zone: Zone = Field(
        default="UTC", description="Time zone of `CONTENDER_QUIET_HOURS`, such as `Europe/Berlin`."
    )

    currency: str = Field(
        default="USD",
        description="Currency of the prices below, and of the worth of predictions in contracts.",
    )
    price_of_cpu: float = Field(
        default=0.04, ge=0, description="Price of an hour of one CPU, for `contender cost`."
    )
    price_of_memory: float = Field(
        default=0.005, ge=0, description="Price of a gigabyte of memory for an hour."
    )
    price_of_storage: float = Field(
        default=0.023, ge=0, description="Price of a stored gigabyte for a month."
    )

    def model_post_init(self, _: object) -> None:
        """Set the default of each place below `home`, and of the UI's address."""
        for name, place in _places_below(self.home).items():
            if not getattr(self, name):
                object.__setattr__(self, name, place)
        if not self.ui_url:
            object.__setattr__(self, "ui_url", f"http://127.0.0.1:{self.ui_port}")

    def moved_to(self, home: Path) -> Settings:
        """Return these settings with every place below another home, isolated from the present places."""
        return self.model_copy(update={"home": home, **_places_below(home)})

    @property
    def staging(self) -> str:
        """The place of batches that wait for their gate; its content may be lost at any time."""
        return f"{self.batches}/staging"

    @property
    def aside(self) -> str:
        """The place of delivered columns that are not in a contract."""
        return f"{self.batches}/aside"

    @property
    def quarantine(self) -> str:
        """The place of failed batches."""
        return f"{self.batches}/quarantine"


def _places_below(home: Path) -> dict[str, str]:
    return {
        "landing": f"{home}/landing",
        "lake": f"{home}/lake",
        "batches": str(home),
        "lake_catalog": sqlite_url(home / "lake-catalog.db"),
        "records": sqlite_url(home / "records.db"),
        "registry": sqlite_url(home / "registry.db"),
        "reports": f"{home}/reports",
    }


def spark_settings() -> dict[str, str]:
    """Return Spark's settings for the S3 server of AWS's variables, by `s3a://`. Spark reads credentials itself."""
    endpoint, region = s3_endpoint(), s3_region()
    conf = {"spark.hadoop.fs.s3a.endpoint.region": region} if region else {}
    if endpoint:
        conf["spark.hadoop.fs.s3a.endpoint"] = endpoint
        conf["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return conf


def s3_endpoint() -> str | None:
    """Return the address of an S3 server that is not AWS, if one is set."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def s3_region() -> str | None:
    """Return the region of the buckets, read as AWS's clients read it."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


class SettingsError(PermanentError):
    """The mistakes in the settings: one line per variable, without its value, which may contain a password."""


@lru_cache
def settings() -> Settings:
    """Return the settings of this process. Raises SettingsError with each invalid variable."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"CONTENDER_{'_'.join(str(part) for part in found['loc']).upper()}: {found['msg']}: see docs/SETTINGS.md"
            for found in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None
