"""`contender erase`: takes a person's rows out of everything that can be reached, and says what cannot."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contender.cli.person import current_user
from contender.erasing import Copy, Erasure, plan_erasure
from contender.erasing import erase as erase_rows
from contender.installation import open_installation


def erase(
    key: Annotated[str, typer.Argument(metavar="COLUMN=VALUE", help="The key whose rows are to go.")],
    by: Annotated[str, typer.Option(help="Who wants it.", default_factory=current_user)],
    dataset: Annotated[
        str | None, typer.Option(help="Only this dataset, and the models built from it.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; kept for good, with your name.")] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done, and do nothing.")] = False,
) -> None:
    """Erase every row with a key from all tables, their old snapshots, and copies in folders. Not to be undone."""
    if not plan and not reason.strip():
        raise typer.BadParameter("say why, in --reason TEXT; or look first, by --plan")
    here = open_installation()
    found = plan_erasure(here, key, dataset) if plan else erase_rows(here, key, by, reason, dataset)
    console = Console(soft_wrap=True)
    console.print(*render_erasure(found, done=not plan), sep="\n", markup=False)


def render_erasure(found: Erasure, *, done: bool) -> list[Table | str]:
    """What an erasure does or did, for a terminal: what goes, what stays and why, and who had seen it."""
    tables = Table("table", "days", "rows", "snapshots", "kept by pins")
    for holding in found.holdings:
        tables.add_row(
            holding.table,
            _days(tuple(holding.rows)),
            str(sum(holding.rows.values())),
            str(len(holding.expiring)),
            str(len(holding.pinned)),
        )
    copies = [f"{c.way}: {c.path} ({c.rows} rows)" for c in found.copies if c.way != "beyond reach"]
    pinned = [
        f"still in snapshot {pin.snapshot} of {pin.table}: {pin.why}"
        for holding in found.holdings
        for pin in holding.pinned
    ]
    mentions = [_left(copy) for copy in found.copies if copy.way == "beyond reach"]
    seen = ", ".join(found.versions) or "none"
    what = "Erased." if done else "This would be erased; nothing was changed."
    return [
        tables,
        *copies,
        f"{what} Model versions that may have seen the rows: {seen}.",
        "Not reached:",
        *(f"- {line}" for line in (*pinned, *mentions, *found.beyond)),
    ]


def _left(copy: Copy) -> str:
    if copy.rows:
        return f"{copy.rows} rows in {copy.path}: a commit may be under way; upkeep removes it after a day"
    return f"mentioned in {copy.path}"


def _days(days: tuple[str, ...]) -> str:
    return ", ".join(days) if len(days) < 4 else f"{len(days)} days, {days[0]} to {days[-1]}"
