"""The lake with an Iceberg REST catalog, if one is available.

Set CONTENDER_TEST_REST to its URL (http://127.0.0.1:8181) and CONTENDER_TEST_REST_WAREHOUSE to the folder of its
tables. rest_catalogue/pom.xml explains how to start one.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.rest import RestCatalog

from contender.lake import maintain_table, open_lake, stage
from contender.lake.schema import arrow_schema
from contender.settings import Settings
from contender.specs import Days
from tests.integration.test_lake import A_DAY, BOTH, FIRST, SALES, SECOND, held

URL = os.environ.get("CONTENDER_TEST_REST", "")
pytestmark = pytest.mark.skipif(not URL, reason="no REST catalog: set CONTENDER_TEST_REST to its URL")


@pytest.fixture
def here(tmp_path):
    warehouse = Path(os.environ["CONTENDER_TEST_REST_WAREHOUSE"])
    yield Settings(home=tmp_path / "home", lake=str(warehouse), lake_catalog=URL)
    RestCatalog("tests", uri=URL).drop_table(SALES.table)


@pytest.fixture
def staged(here):
    def batch(*sold: tuple[date, str, float], days: Days = A_DAY):
        rows = [{"day": day, "shop": shop, "amount": amount} for day, shop, amount in sold]
        return stage(pa.Table.from_pylist(rows, schema=arrow_schema(SALES)), SALES, days, here.staging)

    return batch


def test_a_published_day_is_read_back_through_a_new_connection(lake, here, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), (FIRST, "b", 2.0)))
    assert held(open_lake(here)) == [(FIRST, "a", 1.0), (FIRST, "b", 2.0)]


def test_a_corrected_day_replaces_only_the_old_one(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0), (SECOND, "a", 2.0), days=BOTH))
    lake.publish(SALES, staged((FIRST, "b", 9.0)))
    assert held(lake) == [(FIRST, "b", 9.0), (SECOND, "a", 2.0)]


def test_publishing_the_same_batch_again_changes_nothing(lake, staged):
    batch = staged((FIRST, "a", 1.0))
    assert lake.publish(SALES, batch).changed
    before = lake.snapshot(SALES.table)
    assert not lake.publish(SALES, batch).changed
    assert lake.snapshot(SALES.table) == before


def test_an_old_snapshot_stays_readable(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0)))
    before = lake.snapshot(SALES.table)
    lake.publish(SALES, staged((FIRST, "a", 5.0)))
    assert lake.read(SALES, snapshot=before).to_pylist()[0]["amount"] == 1.0


def test_upkeep_expires_old_snapshots_and_keeps_the_rows(lake, staged):
    lake.publish(SALES, staged((FIRST, "a", 1.0)))
    lake.publish(SALES, staged((FIRST, "a", 5.0)))
    done = maintain_table(lake, SALES, (), timedelta(0))
    assert done.expiring
    assert len(lake.snapshots(SALES.table)) == 1
    assert held(lake) == [(FIRST, "a", 5.0)]
