"""A backup's files at a place: written with their checksums, and read with every checksum verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from contender.backups.manifest import (
    CHECKSUMS,
    MANIFEST,
    BackupError,
    Manifest,
    read_checksums,
    read_manifest,
    write_checksums,
    write_manifest,
)
from contender.lake import places

# Of copies at the same time: on S3, most of the time of small files is waiting.
COPIES = 8
_UNFINISHED = "unfinished"


class BackupPlaceError(BackupError):
    """A place is not empty, or is not a backup; nothing was changed."""


class NewArchive:
    """A backup that is being written. The manifest is written last: a place without it is no backup."""

    def __init__(self, place: str) -> None:
        """Begin a backup at an empty place, or continue one that was interrupted. Raises BackupPlaceError."""
        self.place = place
        self.checksums: dict[str, str] = {}
        self._sizes = {file.place: file.size for file in places.files(place)}
        if places.below(place, MANIFEST) in self._sizes:
            raise BackupPlaceError(f"{place} already contains a backup: give another place")
        marker = places.below(place, _UNFINISHED)
        if self._sizes and marker not in self._sizes:
            raise BackupPlaceError(f"{place} contains other files: give an empty place")
        places.write(
            marker, b"This backup was not completed. Run `contender backup` with this place again.\n"
        )
        for left in self._sizes:
            if left.endswith(".part"):  # of a local file that was being written when the backup was killed
                places.remove(left)

    def add(self, path: str, source: str, *, immutable: bool = False) -> None:
        """Copy a file into the backup. An immutable file that an interrupted backup has copied is kept."""
        target = places.below(self.place, path)
        if immutable and target in self._sizes:
            self.checksums[path] = places.digest(target)
        else:
            self.checksums[path] = places.copy_and_digest(source, target)

    def add_all(self, files: Iterable[tuple[str, str]], *, immutable: bool = False) -> None:
        """Copy files, given as path in the backup and source, several at a time."""
        with ThreadPoolExecutor(COPIES) as pool:
            list(pool.map(lambda file: self.add(*file, immutable=immutable), files))

    def add_folder(self, name: str, source: str) -> int:
        """Copy the files of a folder, except those that are deleted meanwhile; return how many there are."""

        def add(file: str) -> None:
            with suppress(FileNotFoundError):
                self.add(f"{name}/{file[len(source.rstrip('/')) + 1 :]}", file)

        found = [file.place for file in places.files(source)]
        with ThreadPoolExecutor(COPIES) as pool:
            list(pool.map(add, found))
        return len(found)

    def size(self) -> int:
        """Return the bytes of all files, and remove files of an interrupted backup that are no longer needed."""
        files = places.files(self.place)
        kept = {places.below(self.place, path) for path in self.checksums}
        for file in files:
            if file.place not in kept and places.name_of(file.place) != _UNFINISHED:
                places.remove(file.place)
        return sum(file.size for file in files if file.place in kept)

    def listed(self) -> bytes:
        """Return the content of the list of checksums."""
        return write_checksums(self.checksums)

    def finish(self, manifest: Manifest) -> None:
        """Write the list of checksums and then the manifest, which makes the backup complete."""
        places.write(places.below(self.place, CHECKSUMS), self.listed())
        places.write(places.below(self.place, MANIFEST), write_manifest(manifest))
        places.remove(places.below(self.place, _UNFINISHED))


class Archive:
    """A complete backup. Every file is verified against its checksum when it is read."""

    def __init__(self, place: str) -> None:
        """Open a backup. Raises BackupPlaceError if there is none, and BackupError if it is damaged or too new."""
        self.place = place
        where, listed = places.below(place, MANIFEST), places.below(place, CHECKSUMS)
        if not places.exists(where):
            unfinished = places.exists(places.below(place, _UNFINISHED))
            raise BackupPlaceError(
                f"{place} is a backup that was not completed: run `contender backup {place}` again"
                if unfinished
                else f"{place} is not a backup: {MANIFEST} is missing"
            )
        self.manifest = read_manifest(places.read(where), where)
        if not places.exists(listed):
            raise BackupError(f"{listed} is missing: restore another backup")
        self.checksums = read_checksums(places.read(listed), self.manifest, listed)

    def below(self, folder: str) -> list[str]:
        """Return the paths of the files in a folder of the backup, relative to it."""
        return [path.removeprefix(f"{folder}/") for path in self.checksums if path.startswith(f"{folder}/")]

    def copy(self, path: str, target: str) -> None:
        """Copy a file out of the backup. Raises BackupError, without writing the target, if it is damaged."""
        place = places.below(self.place, path)
        expected = self.checksums.get(path)
        if expected is None:
            raise BackupError(f"{place} is missing from the list of checksums: restore another backup")
        try:
            places.copy_and_digest(place, target, expected)
        except FileNotFoundError:
            raise BackupError(f"{place} is missing: restore another backup") from None
        except places.DamagedFileError as error:
            raise BackupError(f"{error}: restore another backup") from None

    def copy_all(self, files: Iterable[tuple[str, str]]) -> None:
        """Copy files, given as path in the backup and target, several at a time."""
        with ThreadPoolExecutor(COPIES) as pool:
            list(pool.map(lambda file: self.copy(*file), files))

    def read(self, path: str) -> bytes:
        """Return the content of a small file."""
        with self.local(path) as file:
            return file.read_bytes()

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """Yield a local copy of a file."""
        with TemporaryDirectory() as folder:
            copied = Path(folder) / "copied"
            self.copy(path, str(copied))
            yield copied
