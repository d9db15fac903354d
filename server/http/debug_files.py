"""Debug files of native programs, as `sentry-cli debug-files upload` sends them: chunks, then one call to assemble."""

from __future__ import annotations

import re
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.artifacts import DEBUG_FILE, ArtifactFile
from ingest.hexids import event_id_of
from queries.result import rfc3339
from server.artifacts import ArtifactService
from server.artifacts.uploads import Assembled, Upload
from server.http.artifacts import WRITE, audit, organisation_of, project_of
from server.http.documents import artifacts as documents
from server.http.documents.common import BODY, NOT_FOUND
from server.http.problems import SENTRY_API
from server.http.routes import Routes, answer
from server.http.services import Services

_DEBUG_ID = re.compile(r"[0-9a-f-]{32,36}(?:-?[0-9a-f]{1,8})?", re.IGNORECASE)
"""A UUID and, of Windows' files, the age behind it (Sentry's documentation, "Debug Identifiers")."""

_ANSWER = {"description": "What became of each file, by its SHA-1.", "content": {}}


def debug_file_routes(services: Services) -> Routes:
    """Return the routes of debug files."""
    routes = Routes("debug-files", "Debug files of native programs, as sentry-cli uploads them.", prefix=SENTRY_API)
    uploads = ArtifactService(services.metadata, services.blobs)

    @routes.on(
        HTTPMethod.POST,
        "/projects/<organization>/<project>/files/difs/assemble/",
        WRITE,
        {200: _ANSWER, **NOT_FOUND, **BODY},
    )
    def assemble_debug_files(path: documents.ProjectPath, body: documents.DebugFilesBody) -> Response:
        """Put chunks together to debug files; or say of each which chunks are missing."""
        organisation = organisation_of(services, path.organization)
        project = project_of(services, path.organization, path.project)
        found: dict[str, Any] = {}
        for checksum, sent in body.root.items():
            debug_id = debug_id_of(sent.debug_id)
            if not debug_id:
                # Files without one cannot be found again: sentry-cli asks about them, and passes them over.
                found[checksum] = _answered(Assembled("error", detail="The file has no debug id."), None)
                continue
            upload = Upload(checksum, sent.chunks, sent.name)
            entry = audit("artifact.upload", f"project:{project.slug}")
            made = uploads.assemble_debug_file(organisation.id, project.id, upload, debug_id, entry)
            kept = services.metadata.files_by_debug_id(project.id, debug_id) if made.state == "ok" else []
            file = next((file for file in kept if file.file.kind == DEBUG_FILE), None)
            found[checksum] = _answered(made, None if file is None else _document(file, checksum))
        return answer(found)

    return routes


def debug_id_of(sent: str | None) -> str:
    """Return the UUID of a debug id, 32 hex digits, or an empty string when it is none."""
    if not sent or not _DEBUG_ID.fullmatch(sent):
        return ""
    return event_id_of(sent.replace("-", "")[:32])


def _answered(made: Assembled, file: dict[str, Any] | None) -> dict[str, Any]:
    return {"state": made.state, "missingChunks": made.missing, "detail": made.detail or None, "dif": file}


def _document(file: ArtifactFile, checksum: str) -> dict[str, Any]:
    found = file.file.debug_id
    debug_id = "-".join((found[:8], found[8:12], found[12:16], found[16:20], found[20:]))
    return {
        "id": str(file.id),
        "uuid": debug_id,
        "debugId": debug_id,
        "objectName": file.file.url,
        # The file is not looked into here: what it is shows when an event needs it.
        "cpuName": "any",
        "symbolType": "unknown",
        "sha1": checksum,
        "size": file.size,
        "data": {"features": []},
        "dateCreated": rfc3339(file.created_at),
    }
