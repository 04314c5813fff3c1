"""Answers of a real server are logged in a real lake, and batch scoring computes them again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from contender.alerting import review_incidents
from contender.erasing import erase
from contender.installation import Installation
from contender.lake import maintain_by_settings, maintain_table, unmerged_days
from contender.lake.rewriting import rewrite_days
from contender.retraining import InstalledStores
from contender.serving.answering import answer
from contender.serving.comparing import check_requests
from contender.serving.keys import Keyring
from contender.serving.nightly import check_log
from contender.serving.server import prepare
from contender.settings import Settings
from contender.specs import Days
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    NIGHT,
    copy_catalog,
    install_flights,
    publish,
    run_night,
    tomorrow,
)
from tests.serving import Load, serving

FLIGHTS = "flight_delay"
SCORED = tomorrow(NIGHT)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """A night of made-up flights with a champion, and eight logged rows."""
    folder = tmp_path_factory.mktemp("request-log")
    stores = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    run_night(stores, NIGHT, ["boosted_trees"])
    log_some(stores)
    return keep(stores)


@pytest.fixture
def flights(kept) -> InstalledStores:
    return kept.reset()


def features(flights) -> list[dict[str, object]]:
    contract = flights.model.feature_contract
    return flights.installation.lake.read(contract, Days.one(SCORED)).to_pylist()


def pick(row, columns):
    return {column.name: row[column.name] for column in columns}


def ask(flights, address, body) -> str:
    """The id of an answered request."""
    found = httpx.post(f"{address}/v1/models/{FLIGHTS}/predict", json=body, timeout=60)
    assert found.status_code == 200, found.text
    return found.headers["X-Request-Id"]


def whole(flights, count=3):
    return {"rows": [pick(row, flights.model.features) for row in features(flights)[:count]]}


def by_key(flights, count=5):
    return {"day": str(SCORED), "keys": [pick(row, flights.model.keys) for row in features(flights)[:count]]}


def serve(flights):
    return serving(flights.installation.settings, flights.installation.catalog.home, FLIGHTS)


def read_log(flights) -> pa.Table:
    # Opened again: another process has written.
    return Installation(flights.installation.settings).lake.read(flights.model.request_contract)


def test_what_was_answered_is_logged_and_batch_scoring_repeats_it(flights):
    with serve(flights) as address:
        sent = ask(flights, address, whole(flights))
        looked_up = ask(flights, address, by_key(flights))
        before = datetime.now(UTC)
    rows = read_log(flights)
    assert rows["request_id"].to_pylist().count(sent) == 3
    assert rows["request_id"].to_pylist().count(looked_up) == 5
    assert set(rows["day"].to_pylist()) <= {before.date(), before.date() - timedelta(days=1)}
    logged = rows.filter(pc.equal(rows["request_id"], looked_up)).to_pylist()
    for place, (row, day_row) in enumerate(zip(logged, features(flights), strict=False)):
        assert row["request_row"] == place
        assert row["feature_day"] == SCORED
        assert pick(row, flights.model.keys) == pick(day_row, flights.model.keys)
        assert pick(row, flights.model.features) == pick(day_row, flights.model.features)
    (keys,) = {row["flight"] for row in rows.filter(pc.equal(rows["request_id"], sent)).to_pylist()}
    assert keys is None
    check = check_requests(flights.installation, flights.model, logged[0]["day"])
    assert (check.rows, check.repeated, check.differing, check.unchecked) == (16, 16, 0, {})


def log_some(flights):
    """Log eight rows."""
    with serve(flights) as address:
        ask(flights, address, whole(flights))
        ask(flights, address, by_key(flights))


def day_of(flights) -> date:
    """The day of the logged rows."""
    return read_log(flights)["day"].to_pylist()[0]


def tamper(flights, change):
    """Rewrite the request log by a function of its rows."""
    here, contract = flights.installation, flights.model.request_contract
    rewrite_days(here.lake, contract, here.settings.staging, list, change)


def changed(name, place, value):
    """A function that changes one value of a column."""

    def change(rows: pa.Table) -> pa.Table:
        values = rows[name].to_pylist()
        values[place] = value(values[place])
        index = rows.schema.get_field_index(name)
        return rows.set_column(
            index, rows.schema.field(index), pa.array(values, rows.schema.field(index).type)
        )

    return change


@pytest.mark.parametrize("column", ["score", "carrier_late", "dep_hour"])
def test_a_changed_number_is_found_to_the_last_bit_and_opens_an_incident_that_recovers(flights, column):
    here, model = flights.installation, flights.model
    day = day_of(flights)
    night = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, minutes=30)
    place = read_log(flights)["feature_day"].to_pylist().index(SCORED)  # of a row that was looked up
    original = read_log(flights)

    def nudge(value):
        return value + 1 if isinstance(value, int) else value * (1 + 2**-52)

    tamper(flights, changed(column, place, nudge))
    (check,) = check_log(here, model, night)
    assert (check.rows, check.differing) == (8, 1)
    (found,) = check.differences
    before = original.slice(place, 1).to_pylist()[0]
    assert (found.column, found.request, found.row) == (column, before["request_id"], before["request_row"])
    assert (found.version, found.computed) == (1, repr(before[column]))
    assert found.logged == repr(nudge(before[column]))
    (incident,) = here.book.incidents.unfinished()
    assert incident.what == (
        f"{FLIGHTS} {day}: batch scoring does not repeat 1 of 8 logged online predictions"
    )
    assert incident.owners == (model.owner, here.settings.platform_owner)
    mail = here.book.alerts.newest_of(FLIGHTS)
    assert mail is not None
    assert found.computed in mail.text
    assert "#online-predictions-are-not-repeated" in mail.text
    tamper(flights, lambda _: original)
    check_log(here, model, night)
    review_incidents(here, datetime.now(UTC))
    assert incident.id not in {one.id for one in here.book.incidents.unfinished()}


def test_features_that_were_sent_are_compared_as_they_were_sent(flights):
    day = day_of(flights)
    place = read_log(flights)["feature_day"].to_pylist().index(None)
    tamper(flights, changed("score", place, lambda score: score * (1 + 2**-52)))
    check = check_requests(flights.installation, flights.model, day)
    assert (check.differing, check.repeated) == (1, 7)


def test_a_tampered_pipeline_is_found(flights):
    """The registry's files of the version are replaced by those of another fit."""
    day = day_of(flights)
    run_night(flights, NIGHT - timedelta(days=20), ["boosted_trees"])
    registry = flights.installation.registry
    assert registry.version(FLIGHTS, 2)
    load = registry.load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "load", lambda model, version: load(model, 3 - version))
        check = check_requests(flights.installation, flights.model, day)
    assert check.differing == 8
    assert {one.column for one in check.differences} == {"score"}


def test_rows_of_a_snapshot_that_is_gone_are_counted_as_not_checked(flights):
    here, model = flights.installation, flights.model
    day = day_of(flights)
    moved = here.lake.read(model.feature_contract, Days.one(SCORED)).to_pandas()
    publish(here.lake, model.feature_contract, moved.assign(distance=moved["distance"] + 1), here.settings)
    maintain_table(here.lake, model.feature_contract, (), timedelta(0))
    check = check_requests(here, model, day)
    assert (check.repeated, check.differing) == (3, 0)
    ((reason, rows),) = check.unchecked.items()
    assert rows == 5
    assert "no longer exists" in reason


def test_several_servers_append_to_a_table_and_the_nightly_check_merges_its_files(flights):
    here, model = flights.installation, flights.model
    with serve(flights) as one, serve(flights) as other:
        for address in (one, other):
            with Load(f"{address}/v1/models/{FLIGHTS}/predict", whole(flights)) as load:
                load.wait_for_answers(20)
            assert {answer.status for answer in load.answers} == {200}
    rows = read_log(flights)
    assert len(set(rows["request_id"].to_pylist())) >= 40
    (day,) = set(rows["day"].to_pylist())
    assert unmerged_days(here.lake, model.request_contract) == [day]
    night = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, minutes=30)
    (check,) = check_log(here, model, night)
    assert (check.rows, check.repeated) == (rows.num_rows, rows.num_rows)
    assert unmerged_days(here.lake, model.request_contract) == []
    assert read_log(flights).equals(rows)


def test_rows_that_were_written_late_are_checked_on_the_next_night(flights):
    here, model = flights.installation, flights.model
    day = day_of(flights)
    night = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, minutes=30)
    later = night + timedelta(days=1)
    assert [check.rows for check in check_log(here, model, night)] == [8]
    assert check_log(here, model, later) == ()
    log_some(flights)
    assert [(check.day, check.rows, check.repeated) for check in check_log(here, model, later)] == [
        (day, 16, 16)
    ]


def test_a_killed_server_loses_what_it_had_not_written_and_the_table_stays_readable(flights):
    day = day_of(flights)
    with serve(flights) as address:
        ask(flights, address, whole(flights))
        os.kill(pid_of(address), signal.SIGKILL)
    assert read_log(flights).num_rows == 8
    with serve(flights) as address:
        ask(flights, address, whole(flights))
    assert read_log(flights).num_rows == 11
    assert check_requests(flights.installation, flights.model, day).differing == 0


def pid_of(address) -> int:
    import psutil

    port = int(address.rpartition(":")[2])
    found = [c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == "LISTEN"]
    return next(pid for pid in found if pid is not None)


def test_while_the_catalogue_is_locked_answers_are_kept_and_written_later(flights):
    here = flights.installation
    day = day_of(flights)
    follower = prepare(here, [FLIGHTS], Keyring(here.catalog))
    follower.follow()
    served = follower.models[FLIGHTS]
    body = json.dumps(whole(flights)).encode()
    with closing(sqlite3.connect(here.settings.home / "lake-catalog.db", isolation_level=None)) as held:
        held.execute("begin exclusive")
        follower.request_log.note(answer(here, served, lambda: served.form.read(body)))
        follower.request_log.flush()
    assert read_log(flights).num_rows == 8
    follower.request_log.flush()
    assert read_log(flights).num_rows == 11
    assert check_requests(here, flights.model, day).differing == 0


def test_an_erased_key_is_erased_from_the_log_in_all_of_its_files(flights):
    here, model = flights.installation, flights.model
    log_some(flights)
    number = features(flights)[0]["flight"]
    logged = read_log(flights)
    having = logged["flight"].to_pylist().count(number)
    assert having >= 2
    done = erase(here, f"flight={number}", "ana", "a test")
    (holding,) = [one for one in done.holdings if one.table == model.request_contract.table]
    assert sum(holding.rows.values()) == having
    left = read_log(flights)
    assert number not in left["flight"].to_pylist()
    assert left.num_rows == logged.num_rows - having
    assert any(model.request_contract.table in text for text in done.beyond)


def test_old_days_and_snapshots_of_the_log_are_removed(flights):
    here, model = flights.installation, flights.model
    day = day_of(flights)
    tamper(flights, lambda rows: rows)
    settings = here.settings.model_copy(update={"request_log_days": 7})
    old = read_log(flights).to_pandas().assign(day=day - timedelta(days=7))
    publish(here.lake, model.request_contract, old, here.settings, gated=False)
    assert maintain_by_settings(here.lake, model.request_contract, (), settings).outdated == (
        day - timedelta(days=7),
    )
    assert set(read_log(flights)["day"].to_pylist()) == {day}


def test_a_share_of_nought_logs_nothing(flights, monkeypatch):
    monkeypatch.setenv("CONTENDER_REQUEST_LOG_SHARE", "0")
    with serve(flights) as address:
        ask(flights, address, whole(flights))
    assert read_log(flights).num_rows == 8
