"""Backups: copy all stores of an installation while nights run, and restore them at another place."""

from contender.backups.archive import BackupPlaceError
from contender.backups.manifest import BackupError, Manifest, describe
from contender.backups.restore import restore_backup
from contender.backups.take import back_up_daily, record_backup, take_backup

__all__ = [
    "BackupError",
    "BackupPlaceError",
    "Manifest",
    "back_up_daily",
    "describe",
    "record_backup",
    "restore_backup",
    "take_backup",
]
