r"""JSON as clients really send it.

sentry-python writes lone surrogates (`\ud800`) and NUL (`\u0000`), raven writes NaN and Infinity; fast parsers refuse
the first and the last. The fast parser goes first, the tolerant one only sees what it refused. Numbers with a fraction
become `Decimal`, so that no digit of a timestamp is lost.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from ingest.errors import InvalidItem

REPLACEMENT = "\ufffd"

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)",
    re.DOTALL,
)
_LONE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded JSON text.

    Attributes:
        value: the data; numbers with a fraction are `Decimal`.
        text: the JSON text to keep: as sent, but without NUL and lone surrogates.
        remarks: what had to be changed, as `what:reason`.
    """

    value: Any
    text: bytes
    remarks: tuple[str, ...] = ()


def decode_json(text: bytes) -> Document:
    """Decode one JSON text liberally.

    Raises:
        InvalidItem: reason `json`, the text is not JSON even for the tolerant parser.
    """
    try:
        value = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_tolerantly(text)
    except RecursionError as error:
        raise InvalidItem("json", "nested too deeply") from error
    if b"\\u0000" in text:
        clean = _scrub(text)
        return Document(_decoder.decode(clean), clean, ("payload:scrubbed",))
    return Document(value, text)


def members(text: bytes) -> dict[str, bytes]:
    """Return the members of a JSON object as untouched slices of its text; InvalidItem when it is not an object."""
    try:
        return {name: bytes(raw) for name, raw in _members.decode(text).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidItem("json", str(error)) from error


def member_sizes(text: bytes) -> dict[str, int]:
    """Return the bytes of each member of a JSON object; InvalidItem when it is not an object."""
    try:
        return {name: len(raw) for name, raw in _members.decode(text).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidItem("json", str(error)) from error


def elements(text: bytes) -> list[bytes]:
    """Return the elements of a JSON array as untouched slices of its text; InvalidItem when it is not an array."""
    try:
        return [bytes(raw) for raw in _elements.decode(text)]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidItem("json", str(error)) from error


def without_member(text: bytes, name: str) -> bytes:
    """Return a JSON object's text without one member; the other members keep their exact text."""
    kept = (msgspec.json.encode(key) + b":" + raw for key, raw in members(text).items() if key != name)
    return b"{" + b",".join(kept) + b"}"


def encode_json(value: object) -> bytes:
    """Return JSON text of decoded data; `Decimal` keeps its digits."""
    return _encoder.encode(value)


def _decode_tolerantly(text: bytes) -> Document:
    clean = _scrub(text.removeprefix(b"\xef\xbb\xbf").strip()).decode("utf-8", "replace").replace("\0", REPLACEMENT)
    special: list[str] = []

    def constant(token: str) -> None:
        special.append(token)

    try:
        value = json.loads(clean, parse_float=Decimal, parse_int=_integer, parse_constant=constant, strict=False)
    except (ValueError, RecursionError) as error:
        raise InvalidItem("json", str(error)) from error
    try:
        kept = clean.encode()
        _decoder.decode(kept)
    except msgspec.DecodeError:
        return Document(value, encode_json(value), ("payload:reencoded",))
    return Document(value, kept, ("payload:scrubbed",) if kept != text else ())


def _integer(digits: str) -> int | Decimal:
    """Long digit strings stay decimal: int() of them is quadratic, and Python refuses more than 4 300 digits."""
    return int(digits) if len(digits) <= 20 else Decimal(digits)


def _scrub(text: bytes) -> bytes:
    """Replace escaped NULs and lone surrogate escapes by the replacement character, touching nothing else."""
    return _ESCAPE.sub(_scrub_escape, text)


def _scrub_escape(match: re.Match[bytes]) -> bytes:
    escape = match.group()
    return b"\\ufffd" if _LONE.fullmatch(escape) else escape
