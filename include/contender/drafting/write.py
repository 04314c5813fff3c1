"""Puts a draft's files into the catalog; what a person wrote there is replaced only when asked for."""

from __future__ import annotations

from pathlib import Path

from contender.drafting.draft import Draft, DraftError


def write_draft(draft: Draft, home: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write the draft's files below the catalog's folder `home`, and return their paths.

    Raises DraftError when there is no such folder, or when one of the files is there already and `force` is not set.
    """
    if not home.is_dir():
        raise DraftError(f"{home}: no such folder: set CONTENDER_CATALOG_HOME to the catalog's")
    paths = tuple(home / name for name in draft.files)
    taken = [path for path in paths if path.exists()]
    if taken and not force:
        raise DraftError(
            f"{draft.name!r} is taken by {taken[-1]}: choose another name, or replace it by --force"
        )
    for path, text in zip(paths, draft.files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Named so that no catalog takes it for a contract before it is whole.
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    return paths
