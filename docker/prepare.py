"""Prepare a new or upgraded installation: databases, the bucket, and the password of the first user."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import boto3
from botocore.exceptions import ClientError


def main() -> None:
    """Run every step; each keeps what already exists."""
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    if not passwords.exists():
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({"admin": os.environ["ADMIN_PASSWORD"]}))
    make_bucket(os.environ["BUCKET"])
    subprocess.run(["airflow", "db", "migrate"], check=True)  # noqa: S607
    for pool in (
        # LocalExecutor counts no running tasks: beyond its slots, it would queue tasks in the order in which they come.
        (
            "default_pool",
            os.environ["AIRFLOW__CORE__PARALLELISM"],
            "As many tasks as run at once: the others wait by priority",
        ),
        (os.environ["CONTENDER_ANNOUNCEMENTS_POOL"], "1", "One announcement at a time"),
        (
            os.environ["CONTENDER_RANGES_POOL"],
            "2",
            "Runs over ranges of days, beside which nights need slots",
        ),
    ):
        subprocess.run(["airflow", "pools", "set", *pool], check=True)  # noqa: S603, S607
    subprocess.run(["contender", "migrate"], check=True)  # noqa: S607


def make_bucket(name: str) -> None:
    """Create the bucket if it does not exist."""
    client = boto3.client("s3")
    try:
        client.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise


if __name__ == "__main__":
    main()
