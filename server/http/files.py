"""`/api/v1/…/attachments`, recordings of replays and whole profiles: what rows name by the hash of a blob.

Contents come from strangers. They are answered as files to be saved, of no type a browser would run or show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPMethod
from typing import Any, BinaryIO
from urllib.parse import quote

from flask import Response

from engine.blobs import BlobRef
from engine.errors import NotFound, StateError, UserError
from iam import Action
from ingest.hexids import event_id_of
from queries.result import rfc3339
from server.http.access import needs
from server.http.documents import files as documents
from server.http.documents.common import NOT_FOUND, QUERY_LIMIT, Look
from server.http.issues import looked_at
from server.http.routes import Routes, answer
from server.http.services import Services
from server.issues.attachments import attachments_of
from server.issues.looking import rows

_READ = needs(Action.EVENT_READ)
_BLOCK_BYTES = 256 * 1024
_ANSWERS: dict[int, Any] = {200: documents.CONTENT, **NOT_FOUND, **QUERY_LIMIT}

_ATTACHMENT = "from attachments | where id = $id | project project_id, name, sha256, size | limit 1"
_SEGMENTS = (
    "from replays | where replay = $id | sort segment, timestamp"
    " | project segment, timestamp, recording_kind, recording.size, recording_sha256 | limit 10000"
)
_RECORDING = (
    'from replays | where replay = $id and segment = $segment and recording_sha256 != ""'
    " | project project_id, recording_kind, sha256 = recording_sha256, size = recording.size | limit 1"
)
_PROFILE = (
    "from profiles | where profile.id = $id or chunk.id = $id | project project_id, sha256 = profile_sha256 | limit 1"
)


def file_routes(services: Services) -> Routes:
    """Return the routes of files."""
    routes = Routes("files", "Files that came with events, recordings of replays, whole profiles.")
    _attachments(routes, services)
    _replays(routes, services)
    return routes


def _attachments(routes: Routes, services: Services) -> None:
    @routes.on(
        HTTPMethod.GET,
        "/events/<event_id>/attachments",
        _READ,
        {200: documents.AttachmentList, **NOT_FOUND, **QUERY_LIMIT},
    )
    def attachments(path: documents.EventFilesPath, query: Look) -> Response:
        """List the files that came with an event; none for an event without any, or that nobody knows."""
        look = looked_at(services, query, Action.EVENT_READ)
        return answer({"items": attachments_of(services.queries, look, _id(path.event_id))})

    @routes.on(HTTPMethod.GET, "/attachments/<attachment_id>", _READ, _ANSWERS)
    def attachment(path: documents.AttachmentPath, query: Look) -> Response:
        """Return the content of an attachment."""
        row = _one(_ask(services, query, _ATTACHMENT, {"id": _id(path.attachment_id)}), "attachment")
        return _content(services, row, row["name"] or "attachment")


def _replays(routes: Routes, services: Services) -> None:
    @routes.on(
        HTTPMethod.GET,
        "/replays/<replay_id>/segments",
        _READ,
        {200: documents.SegmentList, **NOT_FOUND, **QUERY_LIMIT},
    )
    def segments(path: documents.ReplayPath, query: Look) -> Response:
        """List the segments of a replay in their order."""
        replay = _id(path.replay_id)
        found = _ask(services, query, _SEGMENTS, {"id": replay})
        if not found:
            raise NotFound("There is no such replay in this time range.", code="replay-unknown")
        return answer({"items": [_segment(row, replay) for row in found]})

    @routes.on(HTTPMethod.GET, "/replays/<replay_id>/segments/<segment>", _READ, _ANSWERS)
    def recording(path: documents.SegmentPath, query: Look) -> Response:
        """Return the recording of a segment: JSON, JSON compressed with zlib, or MessagePack with a video."""
        params = {"id": _id(path.replay_id), "segment": path.segment}
        row = _one(_ask(services, query, _RECORDING, params), "recording")
        ending = "msgpack" if row["recording_kind"] == "video" else "rrweb"
        return _content(services, row, f"{params['id']}-{path.segment}.{ending}")

    @routes.on(HTTPMethod.GET, "/profiles/<profile_id>/raw", _READ, _ANSWERS)
    def profile(path: documents.ProfilePath, query: Look) -> Response:
        """Return all of a profile, or of a chunk of a continuous one, as the client sent it, scrubbed."""
        number = _id(path.profile_id)
        row = _one(_ask(services, query, _PROFILE, {"id": number}), "profile")
        return _content(services, row, f"{number}.json")


def _ask(services: Services, query: Look, text: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    return rows(looked_at(services, query, Action.EVENT_READ).ask(services.queries, text, params))


def _one(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if not found or not found[0]["sha256"]:
        raise NotFound(f"There is no such {what} in this time range.", code=f"{what}-unknown")
    return found[0]


def _id(sent: str) -> str:
    found = event_id_of(sent)
    if not found:
        raise UserError("An id is 32 hex digits.", code="id-invalid")
    return found


def _segment(row: Mapping[str, Any], replay: str) -> dict[str, Any]:
    kept = bool(row["recording_sha256"])
    return {
        "segment": row["segment"] or 0,
        "timestamp": rfc3339(row["timestamp"]),
        "recording_kind": row["recording_kind"] or "",
        "recording_size": row["recording.size"] or 0,
        "url": f"/api/v1/replays/{replay}/segments/{row['segment'] or 0}" if kept else None,
    }


def _content(services: Services, row: Mapping[str, Any], name: str) -> Response:
    """Return a blob as a file to be saved."""
    ref = BlobRef(int(row["project_id"]), row["sha256"], 0)
    try:
        stream = services.blobs.open(ref)
    except StateError as error:
        raise NotFound("The content is no longer kept.", code="content-gone") from error
    size = stream.seek(0, 2)
    stream.seek(0)
    headers = {
        "Content-Disposition": _disposition(name),
        "Content-Length": str(size),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(_blocks(stream), headers=headers, content_type="application/octet-stream")


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while block := stream.read(_BLOCK_BYTES):
            yield block


def _disposition(name: str) -> str:
    """Return the header that names a file (RFC 6266): in ASCII for everybody, whole for those who know the form."""
    flat = name.replace("/", "_").replace("\\", "_")
    plain = "".join(c if " " <= c <= "~" and c not in '"%;' else "_" for c in flat)[:150]
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(flat[:150], safe='')}"
