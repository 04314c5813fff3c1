"""The simulated source writes to S3, over HTTP, just what it writes to a folder."""

from datetime import date

import boto3
import pytest

from demo import source

DAY = date(2013, 9, 2)
BUCKET = "airport-deliveries"


@pytest.fixture
def endpoint(s3_endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return s3_endpoint


@pytest.fixture
def objects(endpoint):
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket=BUCKET)

    def read() -> dict[str, bytes]:
        listed = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {
            entry["Key"]: client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            for entry in listed
        }

    yield read
    # The server's content outlives its end.
    for key in read():
        client.delete_object(Bucket=BUCKET, Key=key)
    client.delete_bucket(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("landing", "below"), [(f"s3://{BUCKET}/flights/raw/", "flights/raw/"), (f"s3://{BUCKET}", "")]
)
def test_objects_are_the_files_of_a_folder_below_the_prefix(tmp_path, objects, endpoint, landing, below):
    for place, options in ((str(tmp_path), {}), (landing, {"endpoint": endpoint})):
        source.drop("weather", [DAY], place, **options)
        source.drop_reference(place, **options)
    files = {
        below + path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.csv")
    }
    assert objects() == files


def test_delivered_files_are_reported_with_their_address(objects, endpoint):
    (file,) = source.drop("weather", [DAY], f"s3://{BUCKET}/flights", endpoint=endpoint)
    assert file.place == f"s3://{BUCKET}/flights/weather/2013-09-02.csv"


def test_a_corrected_delivery_replaces_the_broken_one(tmp_path, objects, endpoint):
    landing = f"s3://{BUCKET}/flights"
    source.drop("weather", [DAY], landing, fault=source.append_rerun, endpoint=endpoint)
    source.drop("weather", [DAY], landing, endpoint=endpoint)
    source.drop("weather", [DAY], str(tmp_path))
    assert list(objects().values()) == [(tmp_path / "weather" / "2013-09-02.csv").read_bytes()]


def test_a_day_that_the_source_does_not_know_has_no_object(objects, endpoint):
    source.drop("weather", [date(2013, 12, 31)], f"s3://{BUCKET}", endpoint=endpoint)
    assert objects() == {}
