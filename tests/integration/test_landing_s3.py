"""The landing zone on S3, over HTTP, through the same code as a folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import boto3
import pytest

from contender.ingesting import land
from contender.landing import LandingError, NotDelivered, fetch
from contender.specs import Days
from demo import source

DAY = Days.one(date(2013, 9, 2))


def bucket_of(settings) -> str:
    return settings.landing.split("/")[2]


def test_a_delivery_on_s3_is_staged_like_one_in_a_folder(here, on_s3, catalog):
    spec = catalog.dataset("departures")
    source.drop("departures", DAY.each(), here.landing)
    source.drop("departures", DAY.each(), on_s3.landing)
    assert land(spec, DAY, on_s3).fingerprint == land(spec, DAY, here).fingerprint


def test_a_missing_object_is_not_delivered(on_s3, catalog):
    with pytest.raises(NotDelivered, match="s3://contender-"):
        land(catalog.dataset("departures"), DAY, on_s3)


def test_an_object_larger_than_its_contract_allows_is_not_fetched(on_s3, tmp_path):
    boto3.client("s3").put_object(Bucket=bucket_of(on_s3), Key="landing/x.csv", Body=b"12345")
    with pytest.raises(LandingError, match="5 bytes, more than its contract allows"):
        fetch(on_s3, "x.csv", tmp_path, limit=4)


def test_in_a_bucket_with_versions_the_newest_one_is_fetched(on_s3, tmp_path):
    client, bucket = boto3.client("s3"), bucket_of(on_s3)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        client.put_object(Bucket=bucket, Key="landing/x.csv", Body=body)
    assert Path(fetch(on_s3, "x.csv", tmp_path, limit=100).copy_path).read_bytes() == b"second"
