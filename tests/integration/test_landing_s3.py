"""The landing zone on S3, over HTTP, through the same code as a folder."""

from __future__ import annotations

from datetime import date

import boto3
import pytest
from moto.server import ThreadedMotoServer

from contender.ingesting import land
from contender.landing import NotDelivered
from contender.settings import Settings
from contender.specs import Days
from demo import source

DAY = Days.one(date(2013, 9, 2))


@pytest.fixture
def on_s3(here, monkeypatch):
    for name, value in (
        ("ACCESS_KEY_ID", "key"),
        ("SECRET_ACCESS_KEY", "secret"),
        ("DEFAULT_REGION", "eu-central-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    bucket = f"landing-{here.home.parent.name}".replace("_", "-")[:60].rstrip(
        "-"
    )  # the server outlives a test's end
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    boto3.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    yield Settings(home=here.home, landing=f"s3://{bucket}/flights", landing_endpoint=endpoint)
    server.stop()


def test_a_delivery_on_s3_is_staged_like_one_in_a_folder(here, on_s3, catalog):
    spec = catalog.dataset("departures")
    source.drop("departures", DAY.each(), here.landing)
    source.drop("departures", DAY.each(), on_s3.landing, endpoint=on_s3.landing_endpoint)
    assert land(spec, DAY, on_s3).fingerprint == land(spec, DAY, here).fingerprint


def test_a_missing_object_is_told_as_not_delivered(on_s3, catalog):
    with pytest.raises(NotDelivered, match="s3://landing-"):
        land(catalog.dataset("departures"), DAY, on_s3)
