"""Faults of deliveries, as functions of a good file's bytes."""

from __future__ import annotations


def append_rerun(content: bytes) -> bytes:
    """Append the second half of the rows again, like an export that was restarted half-way."""
    header, *lines = content.decode().splitlines(keepends=True)
    again = lines[len(lines) // 2 :]
    return "".join([header, *lines, *again]).encode()


def cut_upload(content: bytes) -> bytes:
    """Cut the file in the middle of a line, like an upload that lost its connection."""
    half = content[: len(content) // 2]
    return half if not half.endswith(b"\n") else half[:-4]
