"""Whether a candidate really is a card, an account number, an address: what patterns alone cannot say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress

Span = tuple[int, int]

_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_NOT_BEFORE_DIGITS = _WORD | frozenset(b"-")
_ESCAPES = frozenset(b"nrtbf")
_LUHN = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_SEPARATORS = re.compile(rb"[ -]")

_IBAN_LENGTHS = {
    country: length
    for length, countries in (
        (15, "NO"), (16, "BE"), (18, "DK FI FK FO NL SD"), (19, "MK SI"), (20, "AT BA EE KZ LT LU XK"),
        (21, "CH CR HR LI LV"), (22, "BG BH DE GB GE IE ME RS"), (23, "AE GI IL IQ OM TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"), (25, "LY PT ST"), (26, "IS TR"),
        (27, "BI DJ FR GR IT MC MR SM"), (28, "AL AZ BY CY DO EG GT HU LB NI PL SV"),
        (29, "BR PS QA UA"), (30, "JO KW MU"), (31, "MT SC"), (32, "LC"), (33, "RU"), (22, "VA"),
    )
    for country in countries.split()
}  # fmt: skip
"""Characters of an IBAN by country (SWIFT's registry)."""
_IBAN_DIGITS = {"AD": 12, "AE": 23, "BA": 20, "BE": 16, "DE": 22, "EE": 20}
"""Up to where they are digits, in the countries whose letters are hexadecimal digits: ids begin like that."""


def whole(_text: bytes, start: int, end: int) -> Iterator[Span]:
    """Take the candidate as it is."""
    yield start, end


def starts_word(text: bytes, at: int, forbidden: frozenset[int] = _WORD) -> bool:
    r"""Tell whether no word reaches into `at` from the left; the letter of an escape such as `\n` is none."""
    if at == 0 or text[at - 1] not in forbidden:
        return True
    return text[at - 1] in _ESCAPES and at > 1 and text[at - 2 : at - 1] == b"\\"


def ends_word(text: bytes, at: int, forbidden: frozenset[int] = _WORD) -> bool:
    """Tell whether no word goes on at `at`."""
    return at >= len(text) or text[at] not in forbidden


def luhn(digits: bytes) -> bool:
    """Tell whether the last of ASCII digits is the check digit of the others (ISO/IEC 7812)."""
    total = sum(digits[-1::-2]) - 48 * len(digits[-1::-2])
    return (total + sum(_LUHN[d - 48] for d in digits[-2::-2])) % 10 == 0


def _brand(digits: bytes) -> bool:
    """Tell whether a payment network gives out numbers of this length with this beginning."""
    size, first = len(digits), digits[:1]
    if first == b"4":
        return size in {13, 16, 19}
    two, four = int(digits[:2]), int(digits[:4])
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return size == 16
    if two in {34, 37}:
        return size == 15
    if two in {36, 38, 39, 30}:
        return size in {14, 16, 19}
    return size in {16, 17, 18, 19} and (two in {35, 62, 64, 65, 60} or 50 <= two <= 69)


def card_spans(text: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield the card numbers in a run of groups of digits; a group that belongs to another number may stand first."""
    if not starts_word(text, start, _NOT_BEFORE_DIGITS) or not ends_word(text, end):
        return
    if text[start - 1 : start] == b"." and text[start - 2 : start - 1].isdigit():
        return
    if text[end : end + 1] == b"." and text[end + 1 : end + 2].isdigit():
        return
    bounds = [start, *(start + m.end() for m in _SEPARATORS.finditer(text[start:end])), end + 1]
    first = 0
    while first < len(bounds) - 1:
        for last in range(len(bounds) - 1, first, -1):
            stop = bounds[last] - 1
            digits = _SEPARATORS.sub(b"", text[bounds[first] : stop])
            if 13 <= len(digits) <= 19 and _brand(digits) and luhn(digits):
                yield bounds[first], stop
                first = last - 1
                break
        first += 1


def iban_spans(text: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield the account number a candidate begins with; what follows it may have been taken along."""
    compact = bytearray()
    for at in range(start, end):
        if text[at] not in b" -":
            compact.append(text[at])
            wanted = _IBAN_LENGTHS.get(compact[:2].decode("ascii").upper())
            if len(compact) == wanted:
                word = compact.decode("ascii").upper()
                if not word[4 : _IBAN_DIGITS.get(word[:2], 4)].isdigit() and word[:2] in _IBAN_DIGITS:
                    return
                number = "".join(str(int(c, 36)) for c in word[4:] + word[:4])
                if int(number) % 97 == 1 and ends_word(text, at + 1):
                    yield start, at + 1
                return


def is_ssn(text: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield a social security number of an area, group and serial that are given out."""
    area, group, serial = text[start:end].split(b"-")
    given_out = area not in {b"000", b"666"} and group != b"00" and serial != b"0000"
    if given_out and starts_word(text, start, _NOT_BEFORE_DIGITS) and ends_word(text, end, _WORD | {45}):
        yield start, end


def is_bearer(text: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield what is a token, and not the next word of a sentence: digits, signs or mixed letters in it."""
    value = text[start:end]
    letters = value.rstrip(b".")
    if not letters.isalpha() or (letters[1:] != letters[1:].lower() and letters != letters.upper()):
        yield start, end


def is_url_password(text: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield a password that was not taken out already."""
    if text[start:end] not in {b"[Filtered]", b"***", b"****", b"%5BFiltered%5D"}:
        yield start, end


def is_ip(text: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield an IP address, not a version number, a time or a path of C++ names."""
    found = text[start:end]
    # Two colons alone are an address too, but nearly always a name of C++ or Rust.
    if len(found) < 6 or not starts_word(text, start, _WORD | frozenset(b".:")):
        return
    if not ends_word(text, end, _WORD | frozenset(b":")):
        return
    if text[end : end + 1] == b"." and text[end + 1 : end + 2].isdigit():
        return
    with suppress(ValueError):
        ipaddress.ip_address(found.decode("ascii"))
        yield start, end
