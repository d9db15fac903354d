"""Artifact bundles: a zip of scripts, source maps and sources, whose `manifest.json` says what each of them is.

The format is that of sentry-cli and the bundlers' plug-ins: `files` by path in the zip, each with `type`, `url` and
`headers`, in which `debug-id` and `sourcemap` are told; beside it `release`, `dist`, `org`, `project`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec

from engine.artifacts import NewFile
from engine.errors import UserError
from ingest.hexids import event_id_of
from ingest.normalise.values import mapping, short

MAX_FILES = 20_000
_MAX_MANIFEST_BYTES = 32 * 1024 * 1024
_MAX_URL_CHARS = 2000
_MAX_NAME_CHARS = 200


class BadBundle(UserError):
    """The upload is no artifact bundle."""

    code = "bundle-invalid"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself."""

    release: str
    dist: str
    files: tuple[NewFile, ...]


def manifest_of(stream: BinaryIO) -> Manifest:
    """Return what a bundle says of itself; files it names and does not hold are left out.

    Raises:
        BadBundle: it is no zip, has no readable manifest, or too many files.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            if len(names) > MAX_FILES:
                raise BadBundle(f"The bundle has more than {MAX_FILES} files.")
            with archive.open("manifest.json") as member:
                text = member.read(_MAX_MANIFEST_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadBundle(
            "This is no artifact bundle: a zip with a manifest.json.",
            hint="Upload with `sentry-cli sourcemaps upload`.",
        ) from error
    if len(text) > _MAX_MANIFEST_BYTES:
        raise BadBundle("The bundle's manifest.json is too large.")
    try:
        data = mapping(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBundle(f"The bundle's manifest.json cannot be read: {error}.") from error
    files = mapping(data.get("files"))
    return Manifest(
        short(data.get("release"), _MAX_NAME_CHARS),
        short(data.get("dist"), _MAX_NAME_CHARS),
        tuple(_file(name, mapping(facts)) for name, facts in files.items() if name in names),
    )


def headers_of(sent: Mapping[str, Any]) -> dict[str, str]:
    """Return headers by lower-case name."""
    return {name.lower(): short(value, _MAX_URL_CHARS) for name, value in sent.items() if isinstance(name, str)}


def map_reference(headers: Mapping[str, str]) -> str:
    """Return where a script's headers say its map is, empty when nowhere."""
    return headers.get("sourcemap") or headers.get("x-sourcemap") or ""


def _file(member: str, facts: Mapping[str, Any]) -> NewFile:
    headers = headers_of(mapping(facts.get("headers")))
    return NewFile(
        short(facts.get("type"), 32) or "unknown",
        short(facts.get("url"), _MAX_URL_CHARS),
        member,
        event_id_of(headers.get("debug-id")),
        map_reference(headers),
    )
