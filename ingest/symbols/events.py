"""Frames in events and profiles as they were written: function, file, line, of JavaScript column and source too.

A script is known by its debug id, which the bundler's plug-in or sentry-cli wrote into it and the client reports in
`debug_meta.images`, else by release, dist and URL. What could not be resolved stays as it was sent, and is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from engine.blobs import BlobStore
from engine.snapshot import ProjectConfig
from ingest.hexids import event_id_of
from ingest.jsontext import Document, decode_json
from ingest.normalise.values import listed, mapping, short, small_int
from ingest.symbols.maps import AWAY, BAD_MAP, LOST, NO_FILE, NO_MAP, TOO_LARGE, Script, SourceMaps, Unmapped
from ingest.symbols.native import Image, NativeFiles, images_of
from ingest.symbols.ports import ArtifactIndex
from ingest.symbols.urls import is_vendor, source_names

NO_PLACE = "no_place"

PROBLEMS: Mapping[str, str] = {
    NO_FILE: "No file was uploaded for this script: neither under its debug id nor under its release and URL.",
    NO_MAP: "The script was uploaded, its source map was not.",
    BAD_MAP: "The source map cannot be read.",
    TOO_LARGE: "The source map or the script is larger than 64 MiB.",
    LOST: "The uploaded file is no longer there.",
    AWAY: "The database that knows the uploads did not answer.",
    NO_PLACE: "The source map does not say where this place of the script came from.",
}
"""Why a frame could not be resolved."""

_PLATFORMS = frozenset({"javascript", "node"})
_NO_FILES = ("node:", "internal/", "webpack-internal:", "native", "<anonymous>", "eval ", "[native code]")
_NAMELESS = frozenset({None, "", "<unknown>"})
"""What the library calls functions that neither scopes nor map have a name for."""

_MAX_PATH_CHARS = 2000
_MAX_LINE_CHARS = 500
_UINT32_TOP = 2**32 - 1
_MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """A script, or a place in it, that could not be resolved; `reason` is a key of `PROBLEMS`."""

    reason: str
    path: str
    debug_id: str = ""


@dataclass(slots=True)
class _Work:
    """What holds for all frames of one event."""

    project_id: int
    platform: str
    release: str
    dist: str
    debug_ids: Mapping[str, str]
    up_to: int | None
    images: Sequence[Image] = ()
    resolved: int = 0
    problems: dict[Problem, None] = field(default_factory=dict)


class Symbolicator:
    """Resolves frames by source maps and debug files.

    Args:
        maps: where the source maps are.
        native: where the debug files are; None to leave native frames.
    """

    def __init__(self, maps: SourceMaps, native: NativeFiles | None = None) -> None:
        self._maps = maps
        self._native = native

    def document(self, document: Document, project: ProjectConfig) -> Document:
        """Return an event with resolved frames, for its row; the text, which is what is stored, stays as it was.

        Only uploads that the project's configuration knows of are looked at, so that a raw range that is done again
        gives the same rows.
        """
        data = document.value
        if not _concerns(data, project):
            return document
        if self._native is not None and b'"instruction_addr"' in document.text:
            data = decode_json(document.text).value  # frames that were read for their row have no addresses
        changed, problems = self.event(data, project.id, project.artifacts)
        remarks = document.remarks
        if changed is not data:
            remarks = (*remarks, "frames:symbolicated")
        if problems:
            remarks = (*remarks, "frames:unsymbolicated")
        return replace(document, value=changed, remarks=remarks)

    def event(
        self, data: dict[str, Any], project_id: int, up_to: int | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return an event with resolved frames, the very same when there are none, and what could not be resolved.

        Args:
            data: the decoded event, in any shape a client may send.
            project_id: whose uploads count.
            up_to: number of the newest bundle that counts; None for all.
        """
        work = _work(data, project_id, up_to)
        if work.platform not in _PLATFORMS and not work.debug_ids and not work.images:
            return data, []
        changed: dict[str, Any] = {}
        for name in ("exception", "threads"):
            if name in data and (found := self._holders(data[name], work)) is not data[name]:
                changed[name] = found
        if "stacktrace" in data and (stack := self._stack(data["stacktrace"], work)) is not data["stacktrace"]:
            changed["stacktrace"] = stack
        return ({**data, **changed} if changed else data), list(work.problems)

    def profile(self, document: Document, project: ProjectConfig) -> Document:
        """Return a profile of JavaScript with resolved frames."""
        data, profile = document.value, mapping(document.value.get("profile"))
        frames = profile.get("frames")
        if not isinstance(frames, list) or not _concerns(data, project):
            return document
        work = _work(data, project.id, project.artifacts)
        resolved = [self._frame(frame, work) if isinstance(frame, dict) else frame for frame in frames]
        if not work.resolved:
            return document
        changed = {**data, "profile": {**profile, "frames": resolved}}
        return replace(document, value=changed, remarks=(*document.remarks, "frames:symbolicated"))

    def _holders(self, sent: Any, work: _Work) -> Any:
        """Return exceptions or threads in the shape they came in."""
        values = sent.get("values") if isinstance(sent, dict) and "values" in sent else sent
        if isinstance(values, list):
            found: Any = [self._holder(value, work) for value in values]
            if all(new is old for new, old in zip(found, values, strict=True)):
                return sent
            return {**sent, "values": found} if isinstance(sent, dict) else found
        return self._holder(values, work) if values is sent else sent

    def _holder(self, value: Any, work: _Work) -> Any:
        if not isinstance(value, dict) or not value.get("stacktrace"):
            return value
        stack = self._stack(value["stacktrace"], work)
        return value if stack is value["stacktrace"] else {**value, "stacktrace": stack}

    def _stack(self, stack: Any, work: _Work) -> Any:
        frames = stack if isinstance(stack, list) else mapping(stack).get("frames")
        if not isinstance(frames, list | tuple):
            return stack
        before = work.resolved
        plain = [_plain(frame) for frame in frames if isinstance(frame, dict | msgspec.Struct)]
        last = len(plain) - 1
        made = [one for number, frame in enumerate(plain) for one in self._frames(frame, work, number == last)]
        if work.resolved == before:
            return stack
        return made if isinstance(stack, list) else {**stack, "frames": made}

    def _frames(self, frame: dict[str, Any], work: _Work, is_innermost: bool) -> list[dict[str, Any]]:
        """Return what a frame is in the sources: one frame of JavaScript, of native code the inlined ones besides."""
        if work.images and self._native is not None and "instruction_addr" in frame:
            project = work.project_id, work.up_to
            found = self._native.frame(frame, work.images, project, is_innermost=is_innermost)
            work.resolved += len(found)
            return found or [frame]
        return [self._frame(frame, work)]

    def _frame(self, frame: dict[str, Any], work: _Work) -> dict[str, Any]:
        path = short(frame.get("abs_path") or frame.get("filename"), _MAX_PATH_CHARS)
        line, column = small_int(frame.get("lineno"), _UINT32_TOP), small_int(frame.get("colno"), _UINT32_TOP)
        platform = short(frame.get("platform"), 64) or work.platform
        if not path or not line or not column or path.startswith(_NO_FILES) or platform not in _PLATFORMS:
            return frame
        debug_id = work.debug_ids.get(path) or work.debug_ids.get(short(frame.get("filename"), _MAX_PATH_CHARS), "")
        if not debug_id and not work.release:
            return frame
        script = Script(work.project_id, path, debug_id, work.release, work.dist, work.up_to)
        found = self._maps.of(script)
        if isinstance(found, Unmapped):
            if debug_id or frame.get("in_app") is not False:
                _note(work, Problem(found.reason, path, debug_id))
            return frame
        token = found.lookup(line, column)
        if token is None or not token.src:
            _note(work, Problem(NO_PLACE, path, debug_id))
            return frame
        work.resolved += 1
        return _resolved(frame, token, path)


def symbolicator(index: ArtifactIndex, blobs: BlobStore) -> Symbolicator:
    """Return what resolves frames by all that was uploaded."""
    return Symbolicator(SourceMaps(index, blobs), NativeFiles(index, blobs))


def _concerns(data: object, project: ProjectConfig) -> bool:
    """Tell whether maps may exist: the project has uploads, or the client says that the scripts have debug ids."""
    return bool(project.artifacts) or bool(isinstance(data, dict) and _debug_ids(data))


def _work(data: dict[str, Any], project_id: int, up_to: int | None) -> _Work:
    return _Work(
        project_id,
        short(data.get("platform"), 64),
        short(data.get("release"), 200),
        short(data.get("dist"), 64),
        _debug_ids(data),
        up_to,
        images_of(data),
    )


def _debug_ids(data: dict[str, Any]) -> dict[str, str]:
    """Return the debug ids of an event's scripts by their paths."""
    found = {}
    for image in listed(mapping(data.get("debug_meta")).get("images")):
        if isinstance(image, dict) and image.get("type") == "sourcemap":
            path, debug_id = short(image.get("code_file"), _MAX_PATH_CHARS), event_id_of(image.get("debug_id"))
            if path and debug_id:
                found[path] = debug_id
    return found


def _note(work: _Work, problem: Problem) -> None:
    if len(work.problems) < _MAX_PROBLEMS:
        work.problems[problem] = None


def _plain(frame: Any) -> dict[str, Any]:
    return frame if isinstance(frame, dict) else msgspec.structs.asdict(frame)


def _resolved(frame: dict[str, Any], token: Any, script: str) -> dict[str, Any]:
    filename, abs_path = source_names(token.src, script)
    made = {
        **frame,
        "function": frame.get("function") if token.function_name in _NAMELESS else token.function_name,
        "filename": filename[:_MAX_PATH_CHARS],
        "abs_path": abs_path[:_MAX_PATH_CHARS],
        "module": None,
        "lineno": token.line,
        "colno": token.col,
        "data": {**mapping(frame.get("data")), "symbolicated": True, "minified": _minified(frame, script)},
    }
    if is_vendor(token.src):
        made["in_app"] = False
    if token.context_line is not None:
        made["context_line"] = _cut(token.context_line)
        made["pre_context"] = _lines(token.pre_context)
        made["post_context"] = _lines(token.post_context)
    return made


def _minified(frame: dict[str, Any], script: str) -> dict[str, Any]:
    return {
        "function": short(frame.get("function"), 300),
        "path": script,
        "lineno": frame.get("lineno"),
        "colno": frame.get("colno"),
    }


def _lines(lines: Sequence[str]) -> list[str]:
    return [_cut(line) for line in lines]


def _cut(line: str) -> str:
    return line.rstrip("\r\n")[:_MAX_LINE_CHARS]
