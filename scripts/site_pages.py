"""Copy the documentation, and files that it links to, into the folder from which `make site` builds the website.

python -m scripts.site_pages           write build/site/pages

A site cannot link to files outside its folder. Those are copied below `repository/`, and links are rewritten.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

PROJECT = Path(__file__).parents[1]
PAGES = PROJECT / "build" / "site" / "pages"
OUTSIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
_CODE_OR_LINK = re.compile(r"^```.*?^```$|`[^`\n]+`|\]\(([^)\s]+)\)", re.DOTALL | re.MULTILINE)
_ITEM = re.compile(r"(?:\d+\.|-) +")


def place(path: PurePosixPath) -> PurePosixPath:
    """Return the place in the site of a file of the repository."""
    inside = path.parts[:1] == ("docs",)
    return PurePosixPath(*path.parts[1:]) if inside else PurePosixPath("repository") / path


def rewrite(text: str, page: PurePosixPath, project: Path = PROJECT) -> tuple[str, set[PurePosixPath]]:
    """Return a page with links to the places in the site, and the linked files, as paths in the repository."""
    linked: set[PurePosixPath] = set()

    def rewrite_link(match: re.Match[str]) -> str:
        target = match[1]
        if target is None or urlsplit(target).scheme or target.startswith("#"):
            return match[0]
        path, hash_, anchor = target.partition("#")
        file = PurePosixPath(os.path.normpath(page.parent / path))
        if (project / file).is_dir():
            file /= "README.md"
        linked.add(file)
        return f"]({os.path.relpath(place(file), place(page).parent)}{hash_}{anchor})"

    return _CODE_OR_LINK.sub(rewrite_link, text), linked


def widen_lists(text: str) -> str:
    """Return a page with lists as the generator needs them; GitHub needs neither change.

    Items are continued with four spaces, and an item after one of several paragraphs follows an empty line.
    """
    lines: list[str] = []
    width, paragraphs, fenced = 0, False, False
    for line in text.split("\n"):
        item = None if fenced else _ITEM.match(line)
        if item:
            lines += [""] if paragraphs and lines[-1] else []
            width, paragraphs = len(item[0]), False
        elif not line.strip():
            paragraphs = width > 0
        elif not line.startswith(" " * width):
            width, paragraphs = 0, False
        fenced ^= line.startswith("```")
        lines.append(f"    {line[width:]}" if width and line.strip() and not item else line)
    return "\n".join(lines)


def list_pages(project: Path = PROJECT) -> list[PurePosixPath]:
    """Return every page of the site, as paths in the repository."""
    docs = sorted(project.glob("docs/**/*.md"))
    return [
        *(PurePosixPath(name) for name in OUTSIDE),
        *(PurePosixPath(p.relative_to(project)) for p in docs),
    ]


def main() -> int:
    """Write the pages and the files that they link to."""
    shutil.rmtree(PAGES, ignore_errors=True)
    pages = list_pages()
    files: set[PurePosixPath] = set()
    for page in pages:
        text, linked = rewrite((PROJECT / page).read_text(), page)
        target = PAGES / place(page)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(widen_lists(text))
        files |= linked
    for file in sorted(files - set(pages)):
        target = PAGES / place(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / file, target)
    shutil.copytree(PROJECT / "scripts" / "site", PAGES / "assets")
    print(f"{PAGES.relative_to(PROJECT)}: {len(pages)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
