"""Rows of releases and of the files uploaded for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MINIFIED = "minified_source"
SOURCE_MAP = "source_map"
SOURCE = "source"
DEBUG_FILE = "debug_file"
"""What an uploaded file is, in the words of sentry-cli's manifests; there may be others, which nothing looks up."""


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release of a project.

    Attributes:
        released_at: when it was finalised, None when it was not.
        facts: what the client said besides: `ref`, `url`, `refs`, `commits`, `deploys`.
    """

    id: int
    project_id: int
    version: str
    created_at: datetime
    released_at: datetime | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewBundle:
    """What was uploaded in one piece.

    Attributes:
        checksum: SHA-1 of the content in hex; the same content for the same release and dist is one bundle.
        sha256: name of its blob in the project's blob store.
        size: bytes.
        release: empty when it is found by debug ids only.
        dist: empty for any.
    """

    project_id: int
    checksum: str
    sha256: str
    size: int
    release: str = ""
    dist: str = ""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file of a bundle.

    Attributes:
        kind: `minified_source`, `source_map`, `source` …
        url: as in stack frames, or with `~` for scheme and host (`~/static/app.js`).
        member: its path in the zip; empty when the bundle is the file itself.
        debug_id: 32 hex digits, or empty.
        map_reference: where the file's source map is, relative to `url`, or empty.
    """

    kind: str
    url: str
    member: str = ""
    debug_id: str = ""
    map_reference: str = ""


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """An uploaded file and where its content is."""

    id: int
    bundle_id: int
    project_id: int
    sha256: str
    size: int
    file: NewFile
    release: str
    dist: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A piece of an upload: SHA-1 by which the client knows it, and its blob."""

    sha1: str
    sha256: str
    size: int
