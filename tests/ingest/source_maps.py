"""Source maps and bundles for tests: an encoder of version 3 maps, and uploads in memory."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.artifacts import ArtifactFile, NewFile
from engine.blobs import BlobStore
from tests.ingest.helpers import NOW_NS

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

Place = tuple[int, ...]
"""Line and column in the script, source, line and column in it, and perhaps a name; all from 0."""


def vlq(value: int) -> str:
    """A number as the specification writes it: the sign in the lowest bit, five bits a digit, lowest first."""
    rest = (-value << 1) | 1 if value < 0 else value << 1
    text = ""
    while True:
        digit, rest = rest & 31, rest >> 5
        text += _DIGITS[digit | (32 if rest else 0)]
        if not rest:
            return text


def source_map(
    places: Sequence[Place], sources: Sequence[str], contents: Sequence[str | None] = (), names: Sequence[str] = ()
) -> dict[str, Any]:
    """A map of places, which must be in order of the script."""
    lines: list[list[str]] = [[]]
    before = [0, 0, 0, 0, 0]
    for line, *rest in places:
        while len(lines) <= line:
            lines.append([])
            before[0] = 0
        lines[line].append("".join(vlq(new - old) for new, old in zip(rest, before, strict=False)))
        before[: len(rest)] = rest
    mappings = ";".join(",".join(segments) for segments in lines)
    return {
        "version": 3,
        "sources": list(sources),
        "names": list(names),
        "mappings": mappings,
        "sourcesContent": list(contents),
    }


SCRIPT = b"function a(b){throw new Error(b)}function c(){a(1)}c();\n//# sourceMappingURL=app.js.map\n"
SOURCE = """export function explode(why: string) {
  throw new Error(why);
}

function start() {
  explode(1);
}
start();
"""
PLACES: list[Place] = [
    (0, 0, 0, 0, 7),
    (0, 9, 0, 0, 16, 0),
    (0, 14, 0, 1, 2),
    (0, 33, 0, 4, 0),
    (0, 42, 0, 4, 9, 1),
    (0, 46, 0, 5, 2),
    (0, 51, 0, 7, 0),
]
MAP = json.dumps(source_map(PLACES, ["webpack://shop/./src/app.ts"], [SOURCE], ["explode", "start"])).encode()
FRAMES = [
    {"function": "?", "abs_path": "https://shop.example/static/app.js", "lineno": 1, "colno": 52, "in_app": True},
    {"function": "c", "abs_path": "https://shop.example/static/app.js", "lineno": 1, "colno": 47, "in_app": True},
    {"function": "a", "abs_path": "https://shop.example/static/app.js", "lineno": 1, "colno": 15, "in_app": True},
]
DEBUG_ID = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89ab-cdef-0123-456789abcdef"


def event(**members: Any) -> dict[str, Any]:
    """An error of the script."""
    values = [{"type": "Error", "value": "1", "stacktrace": {"frames": FRAMES}}]
    return {
        "event_id": "e" * 32,
        "timestamp": NOW_NS // 10**9,
        "platform": "javascript",
        "exception": {"values": values},
        **members,
    }


def with_debug_id(**members: Any) -> dict[str, Any]:
    """The same from a bundle whose script has a debug id."""
    image = {"type": "sourcemap", "code_file": FRAMES[0]["abs_path"], "debug_id": DASHED}
    return event(debug_meta={"images": [image]}, **members)


def bundle(files: dict[str, tuple[dict[str, Any], bytes]], **manifest: Any) -> bytes:
    """An artifact bundle as sentry-cli makes them: a zip with a manifest."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = {name: facts for name, (facts, _) in files.items()}
        archive.writestr("manifest.json", json.dumps({"files": listed, **manifest}))
        for name, (_, content) in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def app_bundle(**manifest: Any) -> bytes:
    """A bundle with the script and its map."""
    script = {"type": "minified_source", "url": "~/static/app.js"}
    script["headers"] = {"debug-id": DASHED, "sourcemap": "app.js.map"}
    mapped = {"type": "source_map", "url": "~/static/app.js.map", "headers": {"debug-id": DASHED}}
    return bundle({"files/_/_/app.js": (script, SCRIPT), "files/_/_/app.js.map": (mapped, MAP)}, **manifest)


@dataclass
class Uploads:
    """An index in memory, over blobs."""

    blobs: BlobStore
    project_id: int = 1
    files: list[ArtifactFile] = field(default_factory=list)
    asked: int = 0

    def add(self, kind: str, url: str, content: bytes, **given: Any) -> int:
        """Upload one file; `release`, `dist`, `debug_id`, `map_reference`; returns the number of its bundle."""
        ref = self.blobs.put(self.project_id, content)
        number = len(self.files) + 1
        file = NewFile(kind, url, given.get("member", ""), given.get("debug_id", ""), given.get("map_reference", ""))
        release, dist = given.get("release", ""), given.get("dist", "")
        at = datetime(2026, 1, 1, tzinfo=UTC)
        self.files.append(ArtifactFile(number, number, self.project_id, ref.sha256, ref.size, file, release, dist, at))
        return number

    def files_by_debug_id(self, project_id, debug_id, up_to=None):
        return self._found(project_id, up_to, lambda f: f.file.debug_id == debug_id)

    def files_by_url(self, project_id, release_dist, urls, up_to=None):
        release, dist = release_dist
        return self._found(
            project_id, up_to, lambda f: f.release == release and f.dist in {dist, ""} and f.file.url in urls
        )

    def _found(self, project_id, up_to, fits):
        self.asked += 1
        return [
            f
            for f in reversed(self.files)
            if f.project_id == project_id and (up_to is None or f.bundle_id <= up_to) and fits(f)
        ]
