"""Documents of the upload API of sentry-cli and the bundlers' plug-ins; names are Sentry's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from server.http.documents.common import Document

_NAME = 200
_SHA1 = 40
MAX_CHUNKS = 10_000

Name = Annotated[str, Field(min_length=1, max_length=_NAME)]
Text = Annotated[str, Field(max_length=_NAME)]


class OrganisationPath(BaseModel):
    """The organisation a path names, by slug or number."""

    organization: Name


class ProjectPath(OrganisationPath):
    """The project a path names, by slug or number."""

    project: Name


class ReleasePath(OrganisationPath):
    """The release a path names."""

    version: Name


class ProjectReleasePath(ProjectPath):
    """The release of a project a path names."""

    version: Name


class ReleaseFilePath(ProjectReleasePath):
    """The file of a release a path names."""

    file_id: Annotated[int, Field(ge=1, le=2**63 - 1)]


class Lenient(BaseModel):
    """What clients send; what Amber has no use for is passed over."""

    model_config = ConfigDict(extra="ignore")


class AssembleBody(Lenient):
    """An upload to be put together."""

    checksum: Annotated[str, Field(max_length=_SHA1, description="SHA-1 of the whole.")]
    chunks: Annotated[list[Annotated[str, Field(max_length=_SHA1)]], Field(max_length=MAX_CHUNKS)]
    projects: Annotated[list[Name], Field(min_length=1, max_length=100)]
    version: Text | None = None
    dist: Text | None = None


class DebugFileBody(Lenient):
    """A debug file to be put together."""

    name: Annotated[str, Field(min_length=1, max_length=500)]
    debug_id: Text | None = None
    chunks: Annotated[list[Annotated[str, Field(max_length=_SHA1)]], Field(max_length=MAX_CHUNKS)]


class DebugFilesBody(RootModel[dict[Annotated[str, Field(max_length=_SHA1)], DebugFileBody]]):
    """Debug files to be put together, by the SHA-1 of the whole."""


class ReleaseBody(Lenient):
    """A release to be created or changed."""

    version: Text | None = None
    projects: Annotated[list[Name], Field(max_length=100)] = Field(default_factory=list)
    dateReleased: Annotated[str, Field(max_length=50)] | None = None  # noqa: N815
    ref: Text | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None
    status: Literal["open", "archived"] | None = None
    refs: Annotated[list[dict[str, Any]], Field(max_length=1000)] | None = None
    commits: Annotated[list[dict[str, Any]], Field(max_length=10_000)] | None = None


class DeployBody(Lenient):
    """A deployment of a release."""

    environment: Name
    name: Text | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None
    dateStarted: Annotated[str, Field(max_length=50)] | None = None  # noqa: N815
    dateFinished: Annotated[str, Field(max_length=50)] | None = None  # noqa: N815


class Root(Document):
    """What the API says of itself."""

    version: str
    auth: dict[str, Any] | None
    user: dict[str, Any] | None


class UploadOptions(Document):
    """How uploads are cut."""

    url: str
    chunkSize: int  # noqa: N815
    chunksPerRequest: int  # noqa: N815
    maxFileSize: int  # noqa: N815
    maxRequestSize: int  # noqa: N815
    concurrency: int
    hashAlgorithm: str  # noqa: N815
    compression: list[str]
    accept: list[str]


class AssembleAnswer(Document):
    """What has become of an upload."""

    state: Annotated[str, Field(description="ok, not_found or error.")]
    missingChunks: list[str]  # noqa: N815
    detail: str | None


class DebugFile(Document):
    """A debug file that is kept."""

    id: str
    uuid: str
    debugId: str  # noqa: N815
    objectName: str  # noqa: N815
    cpuName: str  # noqa: N815
    symbolType: str  # noqa: N815
    sha1: str
    size: int
    data: dict[str, Any]
    dateCreated: str  # noqa: N815


class DebugFileAnswer(AssembleAnswer):
    """What has become of a debug file."""

    dif: DebugFile | None


class ReleaseProject(Document):
    """A project of a release."""

    id: int
    slug: str
    name: str


class Release(Document):
    """A release."""

    version: str
    shortVersion: str  # noqa: N815
    dateCreated: str  # noqa: N815
    dateReleased: str | None  # noqa: N815
    ref: str | None
    url: str | None
    status: Annotated[str, Field(description="open or archived.")]
    commitCount: int  # noqa: N815
    newGroups: int  # noqa: N815
    projects: list[ReleaseProject]
    lastCommit: dict[str, Any] | None  # noqa: N815


class ReleaseFile(Document):
    """An uploaded file."""

    id: str
    name: str
    dist: str | None
    sha1: str
    size: int
    headers: dict[str, str]
    dateCreated: str  # noqa: N815


class Deploy(Document):
    """A deployment of a release."""

    id: str
    environment: str
    name: str | None
    url: str | None
    dateStarted: str | None  # noqa: N815
    dateFinished: str | None  # noqa: N815


def list_of(model: type[Document]) -> dict[str, Any]:
    """Return the OpenAPI answer for a list of documents, whose parts stand inline."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"description": "A list.", "content": {"application/json": {"schema": {"type": "array", "items": schema}}}}
