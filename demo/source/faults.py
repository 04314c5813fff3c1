"""Broken deliveries, each as it happens: pure functions of a good file's bytes."""

from __future__ import annotations


def append_rerun(content: bytes) -> bytes:
    """The export was started again half-way, and appended its second half to the file."""
    header, *lines = content.decode().splitlines(keepends=True)
    again = lines[len(lines) // 2 :]
    return "".join([header, *lines, *again]).encode()


def cut_upload(content: bytes) -> bytes:
    """The connection was lost in the middle of a line."""
    half = content[: len(content) // 2]
    return half if not half.endswith(b"\n") else half[:-4]
