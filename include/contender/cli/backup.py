"""`contender backup` and `contender restore`: copy all stores, and restore them at another place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contender.cli.exit_codes import CHECK_FAILED
from contender.cli.person import current_user
from contender.installation import Installation, open_installation


def backup(
    place: Annotated[
        str, typer.Argument(metavar="DEST", help="An empty folder, or `s3://bucket/prefix`, for this backup.")
    ],
    reference_lake: Annotated[
        bool,
        typer.Option(
            "--reference-lake",
            help="Copy no file of the lake, but refer to them: for a bucket that keeps deleted files.",
        ),
    ] = False,
) -> None:
    """Copy the book of record, the Iceberg tables, the model registry, quarantine and reports, while nights run.

    Writes to DEST, and records the backup in the book. If it was interrupted, repeat the same command: files that were
    copied are kept.

    Does not copy Airflow's database, the landing zone or the catalog. The exit code is 1 if the backup is complete, but
    a ledger does not verify.
    """
    from contender.backups import describe, record_backup, take_backup

    here = open_installation()
    manifest = take_backup(here, place, _report, copy_lake=not reference_lake)
    record_backup(here, place, current_user())
    typer.echo(f"{place}: {describe(manifest)}")
    if manifest.newer:
        typer.echo(
            f"Commits were made meanwhile, so these are newer than the book: {', '.join(manifest.newer)}"
        )
    _show_mistakes(manifest.mistakes)


def restore(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="A backup: a folder, or `s3://bucket/prefix`.")
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the restored installation. Default: the stores of the settings, such as CONTENDER_LAKE and "
            "CONTENDER_RECORDS."
        ),
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Replay the newest evaluated decision of each model.")
    ] = False,
) -> None:
    """Restore a backup into empty stores, at any path or bucket, and verify every ledger.

    Every checksum is verified before a file is written. If it was interrupted, repeat the same command.

    Does not change the backup. The exit code is 1 if a ledger does not verify, or a replay differs.
    """
    from contender.backups import describe, restore_backup

    here = open_installation()
    if to is not None:
        here = Installation(here.settings.moved_to(to.absolute()), here.contracts)
    manifest, mistakes = restore_backup(here, source, _report)
    typer.echo(f"{source}: {describe(manifest)}")
    _show_mistakes((*mistakes, *(_replay_newest(here) if replay else ())))
    typer.echo("No ledger was changed, and every champion alias matches its ledger.")
    if to is not None:
        typer.echo(f"Next: CONTENDER_HOME={to.absolute()} contender status")


def _replay_newest(here: Installation) -> list[str]:
    """Replay the newest evaluated decision of each model, and return a line for each difference."""
    from contender.replaying import replay

    found = []
    for model in here.book.ledger.models():
        entries = here.book.ledger.newest(model, 100)
        entry = next((entry for entry in entries if entry.decision.evaluation is not None), None)
        if entry is not None:
            replayed = replay(here, entry, _report)
            typer.echo(replayed.report()[-1])
            found += [
                f"{model}, entry {entry.number}: {p.name} differs" for p in replayed.parts if not p.identical
            ]
    return found


def _show_mistakes(mistakes: tuple[str, ...]) -> None:
    """Print mistakes, and exit with 1 if there are any."""
    for mistake in mistakes:
        typer.echo(mistake, err=True)
    if mistakes:
        raise typer.Exit(CHECK_FAILED)


def _report(line: str) -> None:
    typer.echo(f"{datetime.now(UTC):%H:%M:%S}  {line}")
