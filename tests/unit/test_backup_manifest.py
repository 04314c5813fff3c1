"""A manifest and its list of checksums are read back as they were written, and every change of them is noticed."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.backups.archive import Archive, BackupPlaceError
from contender.backups.manifest import (
    FORMAT,
    BackupError,
    CopiedTable,
    Manifest,
    read_checksums,
    read_manifest,
    write_checksums,
    write_manifest,
)
from contender.lake import Move, places
from contender.lake.moving import move_metadata

DIGEST = "ab" * 32
AT = datetime(2026, 11, 27, 3, tzinfo=UTC)
LISTED = write_checksums({"book.db": DIGEST, "lake/datasets/sales/data/day=2026-11-26/a.parquet": DIGEST})
MADE = Manifest(
    format=FORMAT,
    id="4f2a",
    contender="0.2.0",
    at=AT,
    ended=AT,
    revision="0007",
    records={"ledger": 2},
    lake="/srv/lake",
    lake_files="copied",
    tables=(CopiedTable(name="datasets.sales", metadata="/srv/lake/m.json", snapshots=1, files=3),),
    artifacts=None,
    batches="/srv",
    files=2,
    bytes=100,
    checksums=sha256(LISTED).hexdigest(),
)
WRITTEN = write_manifest(MADE)


def test_a_manifest_is_read_as_it_was_written():
    assert read_manifest(WRITTEN, "manifest.json") == MADE


def test_the_checksums_are_those_of_sha256sum_and_are_read_as_they_were_written():
    assert LISTED.splitlines()[0] == f"{DIGEST}  book.db".encode()
    assert set(read_checksums(LISTED, MADE, "SHA256SUMS").values()) == {DIGEST}


@given(st.integers(0, len(WRITTEN) - 1), st.integers(1, 255))
def test_no_changed_byte_of_a_manifest_goes_unnoticed(place, difference):
    changed = bytearray(WRITTEN)
    changed[place] ^= difference
    try:
        found = read_manifest(bytes(changed), "manifest.json")
    except BackupError:
        return
    assert found == MADE  # a space outside of strings was changed to another one


@given(st.integers(0, len(WRITTEN) - 2))
def test_a_cut_manifest_is_an_error(length):
    with pytest.raises(BackupError):
        read_manifest(WRITTEN[:length], "manifest.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_an_error_that_names_the_file(content):
    with pytest.raises(BackupError, match=r"^here/manifest\.json "):
        read_manifest(content, "here/manifest.json")


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@given(st.sampled_from(sorted(MADE.model_dump())), JSON)
def test_a_sealed_manifest_with_a_wrong_value_is_an_error_or_a_manifest(field, value):
    written = write_manifest(MADE.model_copy(update={field: value}))
    with suppress(BackupError):
        assert isinstance(read_manifest(written, "manifest.json"), Manifest)


def test_a_manifest_of_a_newer_release_names_the_release():
    newer = json.dumps({**json.loads(WRITTEN), "format": FORMAT + 1, "contender": "9.1.0"}).encode()
    with pytest.raises(BackupError, match=r"written by Contender 9\.1\.0 \(format 2\)"):
        read_manifest(newer, "manifest.json")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../outside", "lake/../../outside", "lake//a", "./a", ".", "a\0b"]
)
def test_a_path_outside_of_the_backup_is_refused(path):
    listed = write_checksums({path: DIGEST})
    sealed = MADE.model_copy(update={"checksums": sha256(listed).hexdigest()})
    with pytest.raises(BackupError, match="line 1: not a checksum and a path below the backup"):
        read_checksums(listed, sealed, "SHA256SUMS")


@given(st.binary(max_size=300))
def test_any_list_with_the_right_checksum_is_read_or_is_an_error(content):
    sealed = MADE.model_copy(update={"checksums": sha256(content).hexdigest()})
    try:
        found = read_checksums(content, sealed, "SHA256SUMS")
    except BackupError:
        return
    assert all(not path.startswith("/") and ".." not in path.split("/") for path in found)


def test_a_changed_list_of_checksums_is_an_error():
    with pytest.raises(BackupError, match=r"SHA256SUMS is damaged: its SHA-256 is .*, not"):
        read_checksums(LISTED + b"\n", MADE, "SHA256SUMS")


def test_a_place_without_a_manifest_is_no_backup(tmp_path):
    with pytest.raises(BackupPlaceError, match=r"is not a backup: manifest\.json is missing"):
        Archive(str(tmp_path))


def test_a_damaged_file_is_not_written(tmp_path):
    (tmp_path / "source").write_bytes(b"other")
    with pytest.raises(places.DamagedFileError, match=f"source is damaged: its SHA-256 is .*, not {DIGEST}"):
        places.copy_and_digest(str(tmp_path / "source"), str(tmp_path / "target"), DIGEST)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize(
    ("path", "moved"),
    [
        ("/a/lake/t/data/x.parquet", "s3://b/lake/t/data/x.parquet"),
        ("file:///a/lake/t", "s3://b/lake/t"),
        ("/a/lake", "s3://b/lake"),
        ("/a/lakes/t", "/a/lakes/t"),
        ("s3://a/lake/t", "s3://a/lake/t"),
    ],
)
def test_only_paths_below_the_old_place_are_moved(path, moved):
    assert Move(old="/a/lake", new="s3://b/lake").apply(path) == moved


def test_every_path_in_a_tables_metadata_is_moved_and_its_log_is_left_out():
    metadata = {
        "location": "/a/lake/t",
        "properties": {"write.data.path": "/a/lake/t/data", "owner": "/a/lake is ours"},
        "snapshots": [{"manifest-list": "/a/lake/t/metadata/1.avro", "snapshot-id": 1}],
        "statistics": [{"statistics-path": "/a/lake/t/metadata/1.puffin"}],
        "metadata-log": [{"metadata-file": "/a/lake/t/metadata/0.json"}],
    }
    assert json.loads(move_metadata(json.dumps(metadata).encode(), Move(old="/a/lake", new="/b"))) == {
        "location": "/b/t",
        "properties": {"write.data.path": "/b/t/data", "owner": "/a/lake is ours"},
        "snapshots": [{"manifest-list": "/b/t/metadata/1.avro", "snapshot-id": 1}],
        "statistics": [{"statistics-path": "/b/t/metadata/1.puffin"}],
        "metadata-log": [],
    }
