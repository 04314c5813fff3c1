"""What a draft is: files of a catalog that hold at once, and how many of their lines are guesses."""

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
    """Why nothing could be drafted, and the way out, in one line."""


class Draft(Frozen):
    """Files to be, by their paths below the catalog's folder, the one that counts last; and what to tell of them."""

    name: str
    summary: str
    start: str
    files: Mapping[str, str]

    @property
    def checks(self) -> int:
        """How many guesses a person is asked to check."""
        return sum(len(re.findall(f"# {CHECK}", text)) for text in self.files.values())


def check_name(name: str) -> None:
    """Raise DraftError when nothing in a catalog can be called so."""
    try:
        _NAME.validate_python(name)
    except ValidationError:
        form = FORMS[NAME_PATTERN]
        raise DraftError(f"{name!r} does not have the form {form}, at most 60 of them: correct it") from None


def check_owner(owner: str) -> None:
    """Raise DraftError when nobody can be written to at this address."""
    try:
        _EMAIL.validate_python(owner)
    except ValidationError:
        raise DraftError(
            f"the owner {owner!r} does not have the form {FORMS[EMAIL_PATTERN]}: correct it"
        ) from None
