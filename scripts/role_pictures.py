"""Take the pictures of docs/PAGES.md that show what each role sees, on the nights that the demo has run.

A real Airflow with the FAB auth manager runs on the home of the demo, with the roles of access.yaml and a user of each.

make demo EXIT=1 NIGHTS=6 && make screenshots
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from contender.installation import Installation, open_installation
from scripts.screenshots import MODEL, Picture, browsing, find_failed_gate, take
from tests.access.fab import ADMIN, PASSWORD, USERS, Fab, running_fab


def list_pictures(installation: Installation) -> dict[str, Picture]:
    """Return the page that each role works with most."""
    newest, *_ = installation.book.ledger.decisions([MODEL], limit=1)
    gate = find_failed_gate(installation.book)
    return {
        "engineer": Picture("role-data-engineer", f"/contender/gates/{gate.id}/rows", 420),
        "scientist": Picture("role-data-scientist", "/contender/", 480),
        "platform": Picture("role-platform-engineer", "/contender/incidents", 420),
        "approver": Picture("role-approver", f"/contender/decisions/{MODEL}/{newest.id}", 480),
        "reader": Picture("role-business-reader", "/contender/catalog", 480),
        "auditor": Picture("role-auditor", "/contender/audit", 420),
    }


def apply_access(fab: Fab) -> None:
    """Apply the roles by the command, which records who has done it."""
    words = ["-m", "contender.cli", "access", "apply", "--wait", "120", "--by", "ana", "--reason"]
    airflow = {"CONTENDER_UI_URL": fab.url, "CONTENDER_UI_USER": ADMIN, "CONTENDER_UI_PASSWORD": PASSWORD}
    subprocess.run([sys.executable, *words, "a user of each role"], env=os.environ | airflow, check=True)  # noqa: S603


def take_as(fab: Fab, user: str, picture: Picture) -> None:
    """Take a picture as a user of a role."""
    fab.add_user(user, USERS[user] or "Public")
    token = fab.as_user(user).headers["Authorization"].removeprefix("Bearer ")
    with browsing(fab.url, token) as open_session:
        take(picture, fab.url, open_session(False))


def main() -> None:
    """Start Airflow on the home of the demo, and take a picture as a user of each role."""
    installation = open_installation()
    pictures = list_pictures(installation)
    with (
        tempfile.TemporaryDirectory(prefix="contender-roles-") as folder,
        running_fab(Path(folder), installation.settings) as fab,
    ):
        apply_access(fab)
        for user, picture in pictures.items():
            take_as(fab, user, picture)


if __name__ == "__main__":
    main()
