"""The draft of a contract: valid files for the catalog, with their guesses marked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from contender.specs.columns import EMAIL_PATTERN, FORMS, NAME_PATTERN, Email, Name
from contender.specs.frozen import Frozen

CHECK = "check: "

_NAME: TypeAdapter[str] = TypeAdapter(Name)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class DraftError(Exception):
    """Nothing can be drafted; the message says why and how to fix it, in one line."""


class Draft(Frozen):
    """The files of a draft, by path below the catalog's folder with the contract last, and messages for the user."""

    name: str
    summary: str
    start: str
    files: Mapping[str, str]
    findings: tuple[str, ...] = ()

    @property
    def checks(self) -> int:
        """The number of guesses that a person should check."""
        return sum(len(re.findall(f"# {CHECK}", text)) for text in self.files.values())


def check_name(name: str) -> None:
    """Raise DraftError if the name is not valid in a catalog."""
    try:
        _NAME.validate_python(name)
    except ValidationError:
        form = FORMS[NAME_PATTERN]
        raise DraftError(
            f"{name!r} does not have the form {form}, at most 60 characters: correct it"
        ) from None


def check_owner(owner: str) -> None:
    """Raise DraftError if the owner is not an e-mail address."""
    try:
        _EMAIL.validate_python(owner)
    except ValidationError:
        raise DraftError(
            f"the owner {owner!r} does not have the form {FORMS[EMAIL_PATTERN]}: correct it"
        ) from None
