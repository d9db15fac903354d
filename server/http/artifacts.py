"""The upload API of `sentry-cli` and the bundlers' plug-ins: chunks, artifact bundles, release files.

They send a token of ours as `Authorization: Bearer`. The shapes are those the clients read
(https://docs.sentry.io/api/releases/, and sentry-cli 3.8 itself); refusals are the problem documents of the API, whose
member `detail` is where the clients look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPMethod
from typing import Any, BinaryIO, cast

from flask import Response, request

from engine.artifacts import ArtifactFile
from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry, OrganisationRow, ProjectRow
from iam import Action, decide, project_resource, visible_projects
from queries.result import rfc3339
from server.artifacts import ArtifactService
from server.artifacts.uploads import Upload
from server.http.access import needs
from server.http.documents import artifacts as documents
from server.http.documents.common import BODY, NOT_FOUND
from server.http.guard import principal
from server.http.problems import SENTRY_API
from server.http.routes import Routes, answer, nothing
from server.http.services import Services

WRITE = needs(Action.ARTIFACT_WRITE)
_SHA1 = re.compile(r"[0-9a-f]{40}")
_ACCEPTED = ["artifact_bundles", "artifact_bundles_v2", "debug_files", "pdbs", "portablepdbs"]
"""What may be uploaded in chunks. Without `release_files` older clients send single files, which are taken as well."""

_CONCURRENCY = 4
_HEADER = re.compile(r"\s*([^:\s]+)\s*:\s*(.*)", re.DOTALL)


def artifact_routes(services: Services) -> Routes:
    """Return the routes of uploads."""
    routes = Routes("artifacts", "What sentry-cli and bundlers upload: source maps.", prefix=SENTRY_API)
    uploads = ArtifactService(services.metadata, services.blobs)
    _chunks(routes, services, uploads)
    _bundles(routes, services, uploads)
    _files(routes, services, uploads)
    return routes


def organisation_of(services: Services, name: str) -> OrganisationRow:
    """Return the organisation a path names, by slug or number; NotFound."""
    for row in services.metadata.organisations():
        if name in {row.slug, str(row.id)}:
            return row
    raise NotFound("There is no such organization.", code="organisation-unknown")


def project_of(services: Services, organization: str, name: str) -> ProjectRow:
    """Return a project one may upload to, by slug or number; one that may not be is as unknown as one that is not."""
    organisation = organisation_of(services, organization)
    for row in services.metadata.projects():
        if name in {row.slug, str(row.id)} and row.organisation_id == organisation.id:
            if decide(principal(), Action.ARTIFACT_WRITE, project_resource(row)):
                return row
            break
    raise NotFound(f"There is no project called {name[:100]!r} that you may upload to.", code="project-unknown")


def projects_of(services: Services, organization: str) -> list[ProjectRow]:
    """Return all projects of an organisation one may upload to."""
    organisation = organisation_of(services, organization)
    allowed = visible_projects(services.metadata, principal(), Action.ARTIFACT_WRITE)
    found = services.metadata.projects()
    return [row for row in found if row.id in allowed and row.organisation_id == organisation.id]


def audit(action: str, resource: str) -> AuditEntry:
    """Return what the audit says of an upload."""
    return AuditEntry(principal().name, action, resource, {})


def _chunks(routes: Routes, services: Services, uploads: ArtifactService) -> None:
    rules = uploads.rules

    @routes.on(HTTPMethod.GET, "/", WRITE, {200: documents.Root})
    def sentry_root() -> Response:
        """Say that a token is valid; `sentry-cli info` asks."""
        scopes = sorted(principal().scopes or ())
        return answer({"version": "0", "auth": {"scopes": scopes}, "user": None})

    @routes.on(
        HTTPMethod.GET,
        "/organizations/<organization>/chunk-upload/",
        WRITE,
        {200: documents.UploadOptions, **NOT_FOUND},
    )
    def chunk_options(path: documents.OrganisationPath) -> Response:
        """Say how uploads are cut into chunks, and what may be uploaded so."""
        organisation_of(services, path.organization)
        return answer(
            {
                "url": request.base_url if services.settings.public_url is None else _public(services),
                "chunkSize": rules.chunk_bytes,
                "chunksPerRequest": rules.chunks_per_request,
                "maxFileSize": rules.file_bytes,
                "maxRequestSize": rules.request_bytes,
                "concurrency": _CONCURRENCY,
                "hashAlgorithm": "sha1",
                "compression": ["gzip"],
                "accept": _ACCEPTED,
            }
        )

    @routes.on(
        HTTPMethod.POST,
        "/organizations/<organization>/chunk-upload/",
        WRITE,
        {200: {"description": "The chunks are kept."}, **NOT_FOUND, **BODY},
    )
    def upload_chunks(path: documents.OrganisationPath) -> Response:
        """Keep chunks: parts `file` or `file_gzip` of a form, each named by the SHA-1 of its content."""
        organisation = organisation_of(services, path.organization)
        request.max_content_length = rules.request_bytes
        given = [
            (part, gzip) for gzip in (False, True) for part in request.files.getlist("file_gzip" if gzip else "file")
        ]
        if not given or len(given) > rules.chunks_per_request:
            hint = f"Send 1 to {rules.chunks_per_request} parts called `file` or `file_gzip`."
            raise UserError("The form has no chunks, or too many.", code="chunks-missing", hint=hint)
        for part, compressed in given:
            name = (part.filename or "").lower()
            if not _SHA1.fullmatch(name):
                raise UserError(f"{name[:40]!r} is no SHA-1.", code="checksum-invalid")
            uploads.put_chunk(organisation.id, name, part.read(), compressed=compressed)
        return answer({})


def _public(services: Services) -> str:
    return f"{(services.settings.public_url or '').rstrip('/')}{request.path}"


def _bundles(routes: Routes, services: Services, uploads: ArtifactService) -> None:
    @routes.on(
        HTTPMethod.POST,
        "/organizations/<organization>/artifactbundle/assemble/",
        WRITE,
        {200: documents.AssembleAnswer, **NOT_FOUND, **BODY},
    )
    def assemble(path: documents.OrganisationPath, body: documents.AssembleBody) -> Response:
        """Put chunks together to an artifact bundle and give it to projects; or say which chunks are missing."""
        organisation = organisation_of(services, path.organization)
        projects = [project_of(services, path.organization, name) for name in body.projects]
        upload = Upload(body.checksum, body.chunks, body.version or "", body.dist or "")
        resource = ",".join(f"project:{project.slug}" for project in projects)
        found = uploads.assemble(
            organisation.id, [project.id for project in projects], upload, audit("artifact.upload", resource)
        )
        return answer({"state": found.state, "missingChunks": found.missing, "detail": found.detail or None})


def _files(routes: Routes, services: Services, uploads: ArtifactService) -> None:
    rule = "/projects/<organization>/<project>/releases/<version>/files/"

    @routes.on(HTTPMethod.GET, rule, WRITE, {200: documents.list_of(documents.ReleaseFile), **NOT_FOUND})
    def release_files(path: documents.ProjectReleasePath) -> Response:
        """List the files uploaded for a release."""
        project = project_of(services, path.organization, path.project)
        return answer([_file(file) for file in services.metadata.files_of_release(project.id, path.version)])

    @routes.on(HTTPMethod.POST, rule, WRITE, {201: documents.ReleaseFile, **NOT_FOUND, **BODY})
    def upload_file(path: documents.ProjectReleasePath) -> Response:
        """Keep one file of a release: a form with `file`, `name`, and perhaps `dist` and `header` (`Name:value`)."""
        project = project_of(services, path.organization, path.project)
        request.max_content_length = uploads.rules.request_bytes
        part = request.files.get("file")
        url = request.form.get("name") or (part.filename if part else "") or ""
        if part is None or not url or len(url) > 2000:
            raise UserError("The form needs `file` and `name`.", code="file-missing")
        release_dist = path.version, request.form.get("dist", "")[:64]
        headers = {found[1]: found[2] for text in request.form.getlist("header") if (found := _HEADER.fullmatch(text))}
        entry = audit("artifact.upload", f"project:{project.slug}")
        uploads.put_file(project.id, release_dist, url, headers, cast("BinaryIO", part.stream), entry)
        services.metadata.put_release(project.id, path.version, {})
        found_files = services.metadata.files_by_url(project.id, release_dist, [url])
        return answer(_file(found_files[0]), 201)

    @routes.on(HTTPMethod.DELETE, f"{rule}<file_id>/", WRITE, {204: None, **NOT_FOUND})
    def delete_file(path: documents.ReleaseFilePath) -> Response:
        """Remove a file of a release."""
        project = project_of(services, path.organization, path.project)
        entry = audit("artifact.delete", f"project:{project.slug}")
        services.metadata.delete_file(project.id, path.file_id, audit=entry)
        return nothing()


def _file(file: ArtifactFile) -> dict[str, Any]:
    headers = {"Sourcemap": file.file.map_reference} if file.file.map_reference else {}
    return {
        "id": str(file.id),
        "name": file.file.url,
        "dist": file.dist or None,
        "sha1": "",
        "size": file.size,
        "headers": {**headers, **({"debug-id": file.file.debug_id} if file.file.debug_id else {})},
        "dateCreated": rfc3339(file.created_at),
    }


def project_documents(projects: Sequence[ProjectRow]) -> list[dict[str, Any]]:
    """Return projects as releases name them."""
    return [{"id": project.id, "slug": project.slug, "name": project.name} for project in projects]
