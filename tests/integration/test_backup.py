"""Backups of a real lake, book and registry, taken while others write, and restored at another place."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
import sqlalchemy

from contender.admission import list_quarantined, publish_batch, quarantine_batch
from contender.backups import BackupError, BackupPlaceError, back_up_daily, restore_backup, take_backup
from contender.backups.manifest import MANIFEST
from contender.installation import Installation
from contender.lake import list_table_files, places, stage
from contender.promoting import verify_ledger
from contender.records import INSTALLATION, GateResult, copy_book, migrate, open_book
from contender.replaying import replay
from contender.retraining import InstalledStores
from contender.settings import Settings, settings
from contender.specs import Days, ModelSpec
from tests.command import run_command
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    NIGHT,
    copy_catalog,
    install_flights,
    make_flights,
    run_night,
)
from tests.unit.policy_results import decision
from tests.unit.thousand_nights import incident_of

MODEL = "flight_delay"


def ignore(_: str) -> None:
    """Print no progress."""


class Killed(BaseException):
    """Stands for a signal that ends the process."""


def kill_after(lines: int):
    """A report of progress in which the process ends after some lines."""
    left = iter(range(lines))

    def report(_: str) -> None:
        if next(left, None) is None:
            raise Killed

    return report


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """Two nights on made-up flights."""
    folder = tmp_path_factory.mktemp("lived")
    made = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    for ahead in (2, 1):
        run_night(made, NIGHT - timedelta(days=ahead))
    return keep(made)


@pytest.fixture
def made(kept) -> InstalledStores:
    return kept.reset()


@pytest.fixture
def here(made) -> Installation:
    return made.installation


def elsewhere(here: Installation, home: Path) -> Installation:
    return Installation(here.settings.moved_to(home), here.catalog)


def contents(lake) -> dict[str, list[int]]:
    """The snapshots of each table, oldest first."""
    return {name: [s.snapshot_id for s in lake.iceberg(name).snapshots()] for name in lake.tables()}


def forge(records: str) -> None:
    """Change an entry of the ledger behind its back."""
    with sqlalchemy.create_engine(records).begin() as connection:
        connection.execute(sqlalchemy.text("update ledger set seal = 'forged' where number = 1"))


def assert_replays(restored: Installation, entries: int = 1) -> None:
    """The ledger verifies, and its newest entries are replayed identically."""
    assert verify_ledger(MODEL, restored.book, restored.registry) == ()
    for entry in restored.book.ledger.newest(MODEL, entries):
        assert replay(restored, entry).report()[-1].endswith("predictions and decision are identical.")


def quarantine(here: Installation, model: ModelSpec) -> GateResult:
    """Put a batch into quarantine, and record its gate."""
    contract, days = model.label_contract, Days.one(NIGHT)
    rows = make_flights(model, days, a_day=5)[list(contract.column_names)]
    batch = stage(pa.Table.from_pandas(rows, preserve_index=False), contract, days, here.settings.staging)
    failed = GateResult(
        id="4f2a",
        table=batch.table,
        owner=contract.owner,
        days=days,
        run="made up",
        verdict="fail",
        rows=batch.rows,
        fingerprint=batch.fingerprint,
        expectations=(),
    )
    return here.book.gates.add(quarantine_batch(batch, failed, here.settings))


def test_a_restored_installation_works_without_the_original(here, tmp_path):
    tables, entries = contents(here.lake), here.book.ledger.newest(MODEL)
    manifest = take_backup(here, str(tmp_path / "backup"), ignore)
    shutil.rmtree(here.settings.home)
    restored = elsewhere(here, tmp_path / "restored")
    _, mistakes = restore_backup(restored, str(tmp_path / "backup"), ignore)
    assert (manifest.mistakes, manifest.newer, mistakes) == ((), (), ())
    assert contents(restored.lake) == tables
    assert restored.book.ledger.newest(MODEL) == entries
    assert_replays(restored, entries=2)
    run_night(InstalledStores(restored, restored.catalog.model(MODEL)), NIGHT)
    assert restored.book.ledger.head(MODEL).number == 3


def test_the_daily_backup_is_made_once_recorded_each_time_and_can_be_restored(here, tmp_path):
    here = Installation(here.settings.model_copy(update={"backups": str(tmp_path / "daily")}), here.catalog)
    moment = datetime(2013, 9, 3, 6, 30, tzinfo=UTC)
    places = [
        back_up_daily(here, moment, ignore) for _ in range(2)
    ]  # killed before the record, and run again
    assert places == [str(tmp_path / "daily" / "2013-09-03T06-30-00")] * 2
    assert here.book.acts.newest_of("backed up", INSTALLATION).key == places[0]
    _, mistakes = restore_backup(elsewhere(here, tmp_path / "restored"), places[0], ignore)
    assert mistakes == ()


def test_a_daily_backup_of_a_ledger_that_does_not_verify_fails_at_each_try(here, tmp_path):
    here = Installation(here.settings.model_copy(update={"backups": str(tmp_path / "daily")}), here.catalog)
    with sqlalchemy.create_engine(here.settings.records).begin() as connection:
        connection.execute(sqlalchemy.text("update ledger set seal = 'changed'"))
    for _ in range(2):
        with pytest.raises(BackupError, match="is complete, but:"):
            back_up_daily(here, datetime(2013, 9, 3, 6, 30, tzinfo=UTC), ignore)


def test_no_restored_file_names_the_original_place(made, here, tmp_path):
    quarantine(here, made.model)
    take_backup(here, str(tmp_path / "backup"), ignore)
    restore_backup(elsewhere(here, tmp_path / "restored"), str(tmp_path / "backup"), ignore)
    original = str(here.settings.home).encode()
    names = [path for path in (tmp_path / "restored").rglob("*") if path.is_file()]
    assert names
    assert [path for path in names if original in path.read_bytes()] == []


def test_a_quarantined_batch_can_be_read_at_its_new_place(made, here, tmp_path):
    failed = quarantine(here, made.model)
    take_backup(here, str(tmp_path / "backup"), ignore)
    restored = elsewhere(here, tmp_path / "restored")
    restore_backup(restored, str(tmp_path / "backup"), ignore)
    (found,) = list_quarantined(restored)
    assert found.batch.rows == failed.rows
    assert all(places.read_rows(file.path).num_rows == file.rows for file in found.batch.files)
    assert restored.book.gates.get(failed.id).quarantine == found.place


def test_manifests_keep_all_but_the_paths(here, tmp_path):
    take_backup(here, str(tmp_path / "backup"), ignore)
    restored = elsewhere(here, tmp_path / "restored")
    restore_backup(restored, str(tmp_path / "backup"), ignore)
    for name in here.lake.tables():
        was, now = (describe_files(one.lake.iceberg(name)) for one in (here, restored))
        assert now == was


def describe_files(table) -> list[tuple[object, ...]]:
    """Every manifest and data file of a table, relative to its place, with all other fields."""
    found: list[tuple[object, ...]] = []
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io):
            found.append((manifest.manifest_path.removeprefix(table.location()), *manifest._data[2:]))
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                file = entry.data_file
                own = (dict(value) if isinstance(value, Mapping) else value for value in file._data[2:])
                found.append((*entry._data[:4], file.file_path.removeprefix(table.location()), *own))
    return [tuple(map(str, line)) for line in found]


def test_a_backup_while_others_write_has_all_that_its_book_refers_to(made, here, tmp_path):
    stop, done = threading.Event(), []
    writer, contract = Installation(here.settings, here.catalog), made.model.feature_contract

    def write() -> None:
        while not stop.is_set():
            days = Days.one(NIGHT + timedelta(days=2 + len(done)))
            rows = make_flights(made.model, days, a_day=5)[list(contract.column_names)]
            batch = stage(
                pa.Table.from_pandas(rows, preserve_index=False), contract, days, here.settings.staging
            )
            publish_batch(writer, batch, f"run {len(done)}")
            done.append(days)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        manifest = take_backup(here, str(tmp_path / "backup"), ignore)
    finally:
        stop.set()
        thread.join()
    restored = elsewhere(here, tmp_path / "restored")
    assert (manifest.mistakes, restore_backup(restored, str(tmp_path / "backup"), ignore)[1]) == ((), ())
    recorded = [days for days in done if restored.book.publications.contains(contract.table, days)]
    assert 0 < len(recorded) < len(done)
    assert {days.first for days in recorded} <= set(restored.lake.days(contract.table))
    assert_replays(restored)


def test_a_lake_on_s3_is_restored_into_another_bucket(on_s3, tmp_path):
    catalog = copy_catalog(tmp_path / "catalog")
    made = install_flights(on_s3, catalog)
    for ahead in (2, 1):
        run_night(made, NIGHT - timedelta(days=ahead))
    bucket, other = on_s3.lake.split("/")[2], f"{on_s3.lake.split('/')[2]}-restored"
    s3 = boto3.resource("s3")
    for name in (other, f"{bucket}-backups"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    place = f"s3://{bucket}-backups/night"
    take_backup(made.installation, place, ignore)
    s3.Bucket(bucket).objects.all().delete()
    own = on_s3.moved_to(tmp_path / "restored").model_copy(
        update={"lake": f"s3://{other}/lake", "batches": f"s3://{other}/batches"}
    )
    restored = Installation(own, catalog)
    assert restore_backup(restored, place, ignore)[1] == ()
    listed = [
        file for name in restored.lake.tables() for file in list_table_files(restored.lake.iceberg(name))
    ]
    assert listed
    assert all(file.startswith(f"s3://{other}/lake/") for file in listed)
    assert_replays(restored)


def test_a_damaged_file_is_named_with_its_checksum_and_no_book_is_restored(here, tmp_path):
    take_backup(here, str(tmp_path / "backup"), ignore)
    damaged = next((tmp_path / "backup").rglob("*.parquet"))
    content = bytearray(damaged.read_bytes())
    content[100] ^= 1
    damaged.write_bytes(content)
    restored = elsewhere(here, tmp_path / "restored")
    with pytest.raises(
        BackupError, match=f"{damaged.name} is damaged: its SHA-256 is .*, not {damaged.stem}"
    ):
        restore_backup(restored, str(tmp_path / "backup"), ignore)
    assert not (tmp_path / "restored" / "records.db").exists()
    assert not list((tmp_path / "restored").rglob(damaged.name))


def test_a_missing_file_is_named(here, tmp_path):
    take_backup(here, str(tmp_path / "backup"), ignore)
    missing = next((tmp_path / "backup").rglob("*.skops"))
    missing.unlink()
    with pytest.raises(BackupError, match=r"model\.skops is missing: restore another backup"):
        restore_backup(elsewhere(here, tmp_path / "restored"), str(tmp_path / "backup"), ignore)


def progress(act) -> list[str]:
    lines: list[str] = []
    act(lines.append)
    return lines


def test_a_killed_backup_is_no_backup_and_is_completed_by_the_next_attempt(here, tmp_path):
    place = str(tmp_path / "backup")
    lines = progress(lambda report: take_backup(here, str(tmp_path / "whole"), report))
    for killed in range(len(lines)):
        with pytest.raises(Killed):
            take_backup(here, place, kill_after(killed))
        with pytest.raises(BackupPlaceError, match=f"not completed: run `contender backup {place}` again"):
            restore_backup(elsewhere(here, tmp_path / "restored"), place, ignore)
    (tmp_path / "backup" / "lake" / "left.parquet.part").write_bytes(b"half a file")
    found = take_backup(here, place, ignore)
    whole = json.loads((tmp_path / "whole" / MANIFEST).read_bytes())
    assert (found.files, found.records) == (whole["files"], whole["records"])
    assert len([path for path in Path(place).rglob("*") if path.is_file()]) == found.files + 2
    assert restore_backup(elsewhere(here, tmp_path / "restored"), place, ignore)[1] == ()


def test_a_killed_restore_has_no_book_and_is_completed_by_the_next_attempt(here, tmp_path):
    place = str(tmp_path / "backup")
    take_backup(here, place, ignore)
    restored = elsewhere(here, tmp_path / "restored")
    lines = progress(lambda report: restore_backup(elsewhere(here, tmp_path / "whole"), place, report))
    for killed in range(len(lines) - 1):
        with pytest.raises(Killed):
            restore_backup(restored, place, kill_after(killed))
        assert not (tmp_path / "restored" / "records.db").exists()
    assert restore_backup(restored, place, ignore)[1] == ()


def test_an_interrupted_restore_is_not_mixed_with_another_backup(here, tmp_path):
    for name in ("first", "second"):
        take_backup(here, str(tmp_path / name), ignore)
    restored = elsewhere(here, tmp_path / "restored")
    with pytest.raises(Killed):
        restore_backup(restored, str(tmp_path / "first"), kill_after(2))
    with pytest.raises(BackupPlaceError, match="was interrupted: restore that backup"):
        restore_backup(restored, str(tmp_path / "second"), ignore)


def test_a_store_that_is_not_empty_is_named_and_not_changed(here, tmp_path):
    take_backup(here, str(tmp_path / "backup"), ignore)
    home = tmp_path / "restored"
    (home / "reports").mkdir(parents=True)
    (home / "reports" / "own.html").write_text("my report")
    with pytest.raises(BackupPlaceError, match=f"not empty: {home}/reports"):
        restore_backup(elsewhere(here, home), str(tmp_path / "backup"), ignore)
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["own.html"]


def test_a_place_with_a_backup_or_other_files_is_refused(here, tmp_path):
    take_backup(here, str(tmp_path / "backup"), ignore)
    with pytest.raises(BackupPlaceError, match="already contains a backup"):
        take_backup(here, str(tmp_path / "backup"), ignore)
    with pytest.raises(BackupPlaceError, match="contains other files"):
        take_backup(here, str(here.settings.home), ignore)


def test_a_backup_of_a_book_that_this_release_does_not_know_is_refused(here, tmp_path, monkeypatch):
    monkeypatch.setattr("contender.backups.take.newest_revision", lambda: "9999")
    take_backup(here, str(tmp_path / "backup"), ignore)
    with pytest.raises(BackupError, match="revision 9999, which is unknown to this release"):
        restore_backup(elsewhere(here, tmp_path / "restored"), str(tmp_path / "backup"), ignore)


def test_a_referenced_lake_is_entered_where_it_is_if_all_files_exist(here, tmp_path):
    place, tables = str(tmp_path / "backup"), contents(here.lake)
    take_backup(here, place, ignore, copy_lake=False)
    assert not (tmp_path / "backup" / "lake").exists()
    with pytest.raises(BackupPlaceError, match="set CONTENDER_LAKE="):
        restore_backup(elsewhere(here, tmp_path / "restored"), place, ignore)
    own = here.settings.moved_to(tmp_path / "restored").model_copy(update={"lake": here.settings.lake})
    restored = Installation(own, here.catalog)
    assert restore_backup(restored, place, ignore)[1] == ()
    assert contents(restored.lake) == tables


def test_a_missing_file_of_a_referenced_lake_is_named(here, tmp_path):
    take_backup(here, str(tmp_path / "backup"), ignore, copy_lake=False)
    lost = here.lake.pin(here.catalog.model(MODEL).label_contract.table).files[0]
    places.remove(lost)
    own = here.settings.moved_to(tmp_path / "restored").model_copy(update={"lake": here.settings.lake})
    with pytest.raises(BackupError, match=f"1 files of .* are missing, the first is {lost}"):
        restore_backup(Installation(own, here.catalog), str(tmp_path / "backup"), ignore)


def test_a_ledger_that_does_not_verify_is_reported_by_the_backup(here, tmp_path):
    forge(here.settings.records)
    manifest = take_backup(here, str(tmp_path / "backup"), ignore)
    assert any("entry 1 of night" in mistake for mistake in manifest.mistakes)


def test_the_commands_restore_and_replay_and_answer_no_if_a_ledger_does_not_verify(
    here, tmp_path, monkeypatch
):
    monkeypatch.setenv("CONTENDER_HOME", str(here.settings.home))
    monkeypatch.setenv("CONTENDER_CATALOG_HOME", str(here.catalog.home))
    settings.cache_clear()
    place, home = str(tmp_path / "backup"), tmp_path / "restored"
    assert run_command("backup", place).code == 0
    restored = run_command("restore", place, "--to", str(home), "--replay")
    assert "predictions and decision are identical." in restored.out
    assert f"Next: CONTENDER_HOME={home} contender status" in restored.out
    assert (restored.code, restored.err.count("DIFFERS")) == (0, 0)
    forge(here.settings.records)
    forged = str(tmp_path / "forged")
    assert run_command("backup", forged).code == 1
    answered = run_command("restore", forged, "--to", str(tmp_path / "of-forged"))
    assert (answered.code, "entry 1 of night" in answered.err) == (1, True)
    settings.cache_clear()


def test_a_book_is_copied_between_sqlite_and_postgres(records, postgres, tmp_path):
    book = open_book(records)
    entry = book.ledger.enter(decision(NIGHT, "first", 1, "boosted_trees"))
    incident = book.incidents.add(incident_of(2))
    local = f"sqlite:///{tmp_path}/local.db"
    migrate(local)
    copied = copy_book(records, local)
    assert copied["ledger"] == 1
    with sqlalchemy.create_engine(records).begin() as connection:
        for table in copied:
            connection.execute(sqlalchemy.text(f'delete from "{table}"'))
    copy_book(local, records)
    assert book.ledger.newest() == [entry]
    assert book.ledger.verify(MODEL) == ()
    assert book.incidents.get(incident.id) == incident


def test_a_table_whose_files_disappear_at_each_attempt_is_named(here, tmp_path):
    next(Path(here.settings.lake).rglob("*.parquet")).unlink()
    with pytest.raises(BackupError, match=r"\w+\.\w+: files were deleted in \d+ attempts to copy it"):
        take_backup(here, str(tmp_path / "backup"), ignore)
