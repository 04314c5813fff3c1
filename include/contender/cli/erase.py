"""`contender erase`: erase all rows with a key from tables, snapshots and copies, and list what remains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from contender.cli.person import current_user
from contender.cli.terminal import echo_tables, make_table
from contender.installation import open_installation

if TYPE_CHECKING:
    from contender.erasing import Copy, Erasure


def erase(
    key: Annotated[str, typer.Argument(metavar="COLUMN=VALUE", help="The key whose rows are erased.")],
    by: Annotated[str, typer.Option(help="The person who decides.", default_factory=current_user)],
    dataset: Annotated[
        str | None, typer.Option(help="Only this dataset, and the models built from it.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; recorded permanently with your name.")] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Show the plan and change nothing.")] = False,
) -> None:
    """Erase every row with a key from all tables, their old snapshots, and copies in folders.

    Cannot be undone. Expires the snapshots that contain the rows.

    Does not change pinned snapshots, trained models, the landing zone or the book of record, and lists what remains.
    """
    from contender import erasing

    if not plan and not reason.strip():
        raise typer.BadParameter(
            "--reason is missing: give --reason TEXT, or --plan to see what would be erased"
        )
    here = open_installation()
    found = (
        erasing.plan_erasure(here, key, dataset) if plan else erasing.erase(here, key, by, reason, dataset)
    )
    echo_tables(*render_erasure(found, done=not plan))


def render_erasure(found: Erasure, *, done: bool) -> list[Table | str]:
    """Return an erasure for a terminal: what is erased, what remains and why, and versions trained on it."""
    tables = make_table("table", "days", "rows", "snapshots", "kept by pins", prose=["days"])
    for holding in found.holdings:
        tables.add_row(
            holding.table,
            _shorten(tuple(holding.rows)),
            str(sum(holding.rows.values())),
            str(len(holding.expiring)),
            str(len(holding.pinned)),
        )
    copies = [f"{c.way}: {c.path} ({c.rows} rows)" for c in found.copies if not c.is_left]
    pinned = [
        f"still in snapshot {pin.snapshot} of {pin.table}: {pin.why}"
        for holding in found.holdings
        for pin in holding.pinned
    ]
    mentions = [_describe_left(copy) for copy in found.copies if copy.is_left]
    seen = ", ".join(found.versions) or "none"
    what = "Erased." if done else "This would be erased; nothing was changed."
    return [
        tables,
        *copies,
        f"{what} Model versions that may have seen the rows: {seen}.",
        "Not reached:",
        *(f"- {line}" for line in (*pinned, *mentions, *found.beyond)),
    ]


def _describe_left(copy: Copy) -> str:
    if copy.rows:
        return f"{copy.rows} rows in {copy.path}: a commit may be in progress; upkeep removes it after a day"
    if copy.way == "not searched":
        return f"{copy.path} cannot be read and may contain the key: check it, and delete it if it does"
    return f"mentioned in {copy.path}"


def _shorten(days: tuple[str, ...]) -> str:
    return ", ".join(days) if len(days) < 4 else f"{len(days)} days, {days[0]} to {days[-1]}"
