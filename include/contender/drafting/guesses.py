"""Guess a column's expectations from the values of one delivery, with notes for a person to check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from contender.drafting.draft import CHECK
from contender.drafting.keys import is_identifier
from contender.drafting.profile import ColumnProfile
from contender.specs import Between, Column, Expectation, InSet, Matches, RowCount

FEW_VALUES = 10
OFTEN = 5
# Texts that need no escape in a source file and have a fixed width.
_PLAIN = re.compile(r"[A-Za-z0-9À-ɏ][A-Za-z0-9À-ɏ _+&.,:()/-]{0,39}")
# Narrow forms before wide ones.
_FORMS = (
    r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    r"^https?://",
    r"^[0-2][0-9]:[0-5][0-9]$",
)
_ALPHABETS = ("0-9", "A-Z", "a-z", "A-Z0-9", "a-z0-9")
_LONGEST_CODE = 40

_PERSON = r"(customer|client|user|household|person|patient|employee|member|passenger|subscriber|guest)"
_PERSONAL = re.compile(
    r"(^|_)(e?mail|phone|telephone|mobile|fax|address|street|ip|ssn|iban|passport|birthday|birthdate|dob|surname)(_|$)"
    rf"|^name$|(^|_)(first|last|full|given|middle|maiden|{_PERSON})_?name$"
    rf"|(^|_){_PERSON}(_(id|key|no|nr|number|code))?$"
    r"|(^|_)(date_of_birth|birth_date)$"
)


@dataclass(frozen=True)
class Guess:
    """An expectation, and a note for the person who knows the source."""

    expectation: Expectation
    note: str


def is_personal(name: str) -> bool:
    """Return whether a column of that name probably contains personal data."""
    return _PERSONAL.search(name) is not None


def guess_column(profile: ColumnProfile) -> tuple[Column, tuple[str, ...]]:
    """Return the column for the contract, with notes on what to check."""
    column = Column(
        name=profile.name,
        type=profile.type,
        description=profile.name.replace("_", " ").strip(),
        nullable=profile.missing > 0,
        pii=is_personal(profile.name),
    )
    return column, tuple(_column_notes(profile))


def _column_notes(profile: ColumnProfile) -> list[str]:
    notes = []
    if profile.missing == profile.rows:
        notes.append(f"{CHECK}no value in any row; what is its type?")
    elif profile.missing:
        notes.append(f"{CHECK}no value in {profile.missing} of {profile.rows} rows; may it be missing?")
    if profile.type == "integer" and len(profile.distinct) == 1:
        notes.append(f"{CHECK}the same integer in all rows; use `number` if there may be fractions")
    if is_personal(profile.name):
        notes.append(f"{CHECK}personal data, judging by its name? It is masked in mails and pages")
    if profile.is_code:
        notes.append(f"{CHECK}digits with leading zeros, which a number would lose")
    return notes


def guess_row_count(rows: Sequence[int]) -> Guess:
    """Return the expectation of half to twice the rows of these deliveries, as a warning: a few days are no history."""
    expectation = RowCount(low=min(rows) // 2, high=max(rows) * 2, severity="warn")
    if len(rows) == 1:
        return Guess(expectation, f"half to twice the {rows[0]} rows of one delivery")
    return Guess(expectation, f"half to twice the {min(rows)} to {max(rows)} rows of {len(rows)} days")


def guess_expectation(profile: ColumnProfile) -> Guess | None:
    """Return an expectation that the values suggest, as a warning. Values of personal data are not used."""
    personal = is_personal(profile.name)
    if profile.type == "string" and profile.missing < profile.rows:
        return (None if personal else _in_set(profile)) or _matches(profile)
    return None if personal else _between(profile)


def widen(low: float, high: float) -> tuple[float | None, float | None]:
    """Return the bounds, extended on both sides by their range and rounded outwards, without changing signs.

    A single value is extended to zero and to its double. A bound that is not a finite number is None.
    """
    least, most = Decimal(repr(low)), Decimal(repr(high))
    slack = (most - least) or abs(most)
    lower, upper = least - slack, most + slack
    if least >= 0:
        lower = max(lower, Decimal(0))
    if most <= 0:
        upper = min(upper, Decimal(0))
    return _finite(_rounded(lower, ROUND_FLOOR)), _finite(_rounded(upper, ROUND_CEILING))


def _rounded(bound: Decimal, rounding: str) -> Decimal:
    if bound == 0:
        return Decimal(0)
    return bound.quantize(Decimal(1).scaleb(bound.adjusted() - 1), rounding=rounding)


def _finite(bound: Decimal) -> float | None:
    number = float(bound)
    return number if abs(number) != float("inf") else None


def _between(profile: ColumnProfile) -> Guess | None:
    if profile.bounds is None:
        return None
    least, most = profile.bounds
    low, high = widen(least, most)
    seen = f"the delivery has {_format(least)} to {_format(most)}"
    if is_identifier(profile.name) or least == most == 0:
        # The highest identifier of one day says nothing about the next day.
        low, high = (0, None) if least >= 0 else (None, None)
    if low is None and high is None:
        return None
    expectation = Between(column=profile.name, low=low, high=high, severity="warn")
    return Guess(expectation, f"{seen}; which values are possible?")


def _format(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def _in_set(profile: ColumnProfile) -> Guess | None:
    values = profile.distinct
    seen = profile.rows - profile.missing
    plain = all(_PLAIN.fullmatch(value) and re.search("[A-Za-zÀ-ɏ]", value) for value in values)
    if len(values) > FEW_VALUES or seen < OFTEN * len(values) or not plain:
        return None
    expectation = InSet(column=profile.name, values=values, severity="warn")
    return Guess(expectation, "are these all possible values?")


def _matches(profile: ColumnProfile) -> Guess | None:
    form = _form(profile.distinct)
    if form is None:
        return None
    expectation = Matches(column=profile.name, pattern=form, severity="warn")
    return Guess(expectation, "all values have this form; is it required?")


def _form(values: tuple[str, ...]) -> str | None:
    """Return the first of the known forms that all values have; None for fewer than three values."""
    if len(values) < 3:
        return None
    for form in _FORMS:
        if all(re.match(form, value) for value in values):
            return form
    lengths = {len(value) for value in values}
    if len(lengths) > 1 or max(lengths) > _LONGEST_CODE:
        return None
    for alphabet in _ALPHABETS:
        form = f"^[{alphabet}]{{{max(lengths)}}}$"
        if all(re.match(form, value) for value in values):
            return form
    return None
