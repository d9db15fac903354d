"""Documents of commits, suspect commits, code mappings and ownership."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from server.http.documents.common import Document, Input
from server.http.documents.managed import ProjectPath

_Text = Annotated[str, Field(max_length=1000)]


class WebhookPath(ProjectPath):
    """The project, and who sends."""

    provider: Literal["github", "gitlab"]


class Commit(Document):
    """A commit."""

    id: str = Field(description="Its hash.")
    short_id: str
    title: str
    message: str
    author_name: str
    author_email: str | None
    assignee: str | None = Field(description="Who the author is here, `user:ADDRESS`; null for nobody.")
    at: str
    repository: str | None
    url: str | None = Field(description="Where people see it.")
    files: int | None = Field(description="How many files it changed; null when that was not told.")


class Evidence(Document):
    """One reason to suspect a commit."""

    reason: str = Field(description="line, near, file, related or words.")
    text: str
    path: str | None
    line: int | None
    score: float


class SuspectDocument(Document):
    """A suspect commit."""

    commit: Commit
    score: float
    confidence: str = Field(description="high, medium or low.")
    seconds_before_first: float
    evidence: list[Evidence]


class NothingFound(Document):
    """Why there is no suspect."""

    code: str
    text: str
    hint: str | None


class Suspects(Document):
    """Suspect commits of an issue."""

    suspects: list[SuspectDocument]
    scope: str | None = Field(description="release, history or pushed: which commits were looked at.")
    release: str | None
    previous_release: str | None
    commits_looked_at: int
    nothing: NothingFound | None
    paths: list[str] = Field(description="Files of the stack, as the repository knows them.")


class CommitsQuery(Input):
    """Whose commits."""

    release: Annotated[str, Field(min_length=1, max_length=200)]


class Commits(Document):
    """The commits of a release, newest first."""

    items: list[Commit]


class Repository(Document):
    """A repository."""

    name: str
    provider: str | None
    url: str | None
    readable: bool = Field(description="Whether it is read from a directory of the server, with blame.")


class Repositories(Document):
    """Repositories, by name."""

    items: list[Repository]


class Mapping(Input):
    """Where the code of stack frames lies."""

    stack_root: _Text = Field(description="What paths of frames begin with; empty for relative ones.")
    source_root: _Text = Field(description="What stands in its place in the repository.")
    repository: Annotated[str, Field(min_length=1, max_length=200)]


class Mappings(Input):
    """A project's code mappings, in the order they are tried."""

    mappings: Annotated[list[Mapping], Field(max_length=200)]


class MappingsAnswer(Document):
    """A project's code mappings."""

    mappings: list[Mapping]
    suggested: list[Mapping] = Field(description="What the newest stacks show, as far as it is unique.")


class OwnershipSet(Input):
    """What is to be changed; what is absent stays."""

    rules: Annotated[str, Field(max_length=100_000, description="Ownership rules, one a line.")] | None = None
    codeowners: Annotated[str, Field(max_length=900_000, description="Content of a CODEOWNERS file.")] | None = None
    syntax: Literal["github", "gitlab"] | None = None
    auto_assign: Literal["off", "owners", "suspect"] | None = Field(
        default=None, description="Whom new issues are given to: nobody, their owners, or who wrote the suspect commit."
    )
    mapping: dict[str, str] | None = Field(
        default=None, max_length=1000, description="Who owners in CODEOWNERS are: `@bob` to `user:bob@example.org`."
    )


class OwnershipDocument(Document):
    """Who owns what in a project."""

    rules: str
    codeowners: str
    syntax: str
    auto_assign: str
    mapping: dict[str, str]
    version: int


class OwnershipTest(OwnershipSet):
    """Rules to try (absent ones are the project's), and what to try them on: an issue, or facts."""

    issue: Annotated[str, Field(max_length=100)] | None = None
    path: Annotated[str, Field(max_length=2000)] | None = None
    module: Annotated[str, Field(max_length=500)] | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None
    tags: dict[str, str] = Field(default_factory=dict, max_length=200)


class OwnerName(Document):
    """An owner."""

    name: str = Field(description="As the rule has it.")
    assignee: str | None = Field(description="Who that is here; null for nobody.")


class OwnedBy(Document):
    """A rule that speaks of an event."""

    source: str = Field(description="rules or codeowners.")
    rule: str
    line: int
    matched: str
    owners: list[OwnerName]


class Owners(Document):
    """The owners of an issue, what counts most first."""

    owners: list[OwnedBy]
    assignee: str = Field(description="Whom the issue would be given to; empty for nobody.")
    auto_assign: str
    has_rules: bool


class Pushed(Document):
    """What became of a webhook."""

    commits: int


def sentry_commits() -> dict[str, Any]:
    """Return the OpenAPI answer for commits in Sentry's shape."""
    schema = {"type": "array", "items": {"type": "object"}}
    return {"description": "The commits, newest first.", "content": {"application/json": {"schema": schema}}}
