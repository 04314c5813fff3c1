"""Write a draft's files into the catalog; existing files are replaced only with `force`."""

from __future__ import annotations

from pathlib import Path

from contender.drafting.draft import Draft, DraftError


def write_draft(draft: Draft, home: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write the draft's files below the catalog's folder `home`, and return their paths.

    Raises DraftError if the folder is missing, or if one of the files exists and `force` is not set.
    """
    if not home.is_dir():
        raise DraftError(f"{home}: no such folder: set CONTENDER_CATALOG_HOME to the catalog's folder")
    paths = tuple(home / name for name in draft.files)
    taken = [path for path in paths if path.exists()]
    if taken and not force:
        raise DraftError(
            f"{draft.name!r} is taken by {taken[-1]}: choose another name, or replace it with --force"
        )
    for path, text in zip(paths, draft.files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The catalog ignores this name until the file is complete.
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    return paths
