"""Rows of repositories, their commits, and of who owns what in a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

ADDED, MODIFIED, DELETED = "A", "M", "D"
CHANGES = (ADDED, MODIFIED, DELETED)
"""What a commit did to a file, in the letters of git and of sentry-cli's `patch_set`."""

OFF, OWNERS, SUSPECT = "off", "owners", "suspect"
ASSIGNMENTS = (OFF, OWNERS, SUSPECT)
"""Whom a new issue is assigned to: nobody, who the ownership rules name, or who wrote the suspect commit."""


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """A repository of an organisation.

    Attributes:
        name: as clients and webhooks call it, `acme/shop`.
        provider: `github`, `gitlab`, `git` for a directory that is read, or empty.
        url: where people see it, or empty.
        path: the directory of its git data on the server's disk, empty for none; set at the command line only.
    """

    id: int
    organisation_id: int
    name: str
    provider: str
    url: str
    path: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a commit did to a file: `kind` is one of `CHANGES`, `path` from the root of the repository."""

    path: str
    kind: str = MODIFIED


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit as somebody told it.

    Attributes:
        sha: its id, 7 to 64 characters; git's are 40 hex digits.
        at: when it was made.
        files: what it changed; None when that was not told.
    """

    sha: str
    author_name: str
    author_email: str
    at: datetime
    message: str
    files: tuple[FileChange, ...] | None = None


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A commit that is known: `id` is its number here, `commit` what was told of it."""

    id: int
    repository_id: int
    commit: NewCommit


@dataclass(frozen=True, slots=True)
class CodeMapping:
    """Where the code of a project's stack frames lies.

    Attributes:
        stack_root: what paths of frames begin with; empty for relative ones.
        source_root: what stands in its place in the repository.
        automatic: derived from the repository's files, not written by a person.
    """

    stack_root: str
    source_root: str
    repository_id: int
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class OwnershipRow:
    """Who owns what in a project.

    Attributes:
        rules: ownership rules, one a line.
        codeowners: content of a CODEOWNERS file.
        syntax: of that file: `github` or `gitlab`.
        auto_assign: one of `ASSIGNMENTS`.
        mapping: who an owner of CODEOWNERS is here, such as `@bob` to `user:bob@example.org`.
        row_version: grows with each change, for ETags.
        assigned_up_to: number of the last issue that was looked at for assignment.
        waiting: numbers of issues that had no stack then.
    """

    project_id: int
    rules: str = ""
    codeowners: str = ""
    syntax: str = "github"
    auto_assign: str = OFF
    mapping: Mapping[str, str] = field(default_factory=dict)
    row_version: int = 0
    assigned_up_to: int = 0
    waiting: tuple[int, ...] = ()
