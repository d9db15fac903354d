"""Tables of repositories, commits, code mappings and ownership; part of `engine.metadata._tables.METADATA`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from engine.metadata._tables import METADATA
from engine.metadata._types import Json, UtcTime

_ID = BigInteger().with_variant(Integer, "sqlite")

REPOSITORIES = Table(
    "repositories",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("organisation_id", _ID, ForeignKey("organisations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("url", Text, nullable=False),
    # A directory of the server's disk. No request sets it: whoever could would read any repository there.
    Column("path", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("organisation_id", "name"),
    sqlite_autoincrement=True,
)

REPOSITORY_PROJECTS = Table(
    "repository_projects",
    METADATA,
    Column("repository_id", _ID, ForeignKey("repositories.id"), nullable=False),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    PrimaryKeyConstraint("repository_id", "project_id"),
    Index(None, "project_id"),
)
"""Which projects were told of a repository; nobody sees it through any other."""

COMMITS = Table(
    "commits",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("repository_id", _ID, ForeignKey("repositories.id"), nullable=False),
    Column("sha", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("author_email", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("message", Text, nullable=False),
    # A commit told without its files is another thing than one that changed none.
    Column("has_files", Boolean, nullable=False),
    UniqueConstraint("repository_id", "sha"),
    sqlite_autoincrement=True,
)

COMMIT_FILES = Table(
    "commit_files",
    METADATA,
    Column("commit_id", _ID, ForeignKey("commits.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("commit_id", "path"),
)

RELEASE_COMMITS = Table(
    "release_commits",
    METADATA,
    Column("release_id", _ID, ForeignKey("releases.id"), nullable=False),
    Column("commit_id", _ID, ForeignKey("commits.id"), nullable=False),
    # 0 is the newest.
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("release_id", "commit_id"),
)

RELEASE_HEADS = Table(
    "release_heads",
    METADATA,
    Column("release_id", _ID, ForeignKey("releases.id"), nullable=False),
    Column("repository_id", _ID, ForeignKey("repositories.id"), nullable=False),
    Column("sha", Text, nullable=False),
    PrimaryKeyConstraint("release_id", "repository_id"),
)
"""The commit of each repository a release was built from."""

CODE_MAPPINGS = Table(
    "code_mappings",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("stack_root", Text, nullable=False),
    Column("source_root", Text, nullable=False),
    Column("repository_id", _ID, ForeignKey("repositories.id"), nullable=False),
    Column("automatic", Boolean, nullable=False),
    Index(None, "project_id"),
    sqlite_autoincrement=True,
)

OWNERSHIP = Table(
    "ownership",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("rules", Text, nullable=False),
    Column("codeowners", Text, nullable=False),
    Column("syntax", Text, nullable=False),
    Column("auto_assign", Text, nullable=False),
    Column("mapping", Json, nullable=False),
    Column("row_version", BigInteger, nullable=False, server_default="1"),
    Column("assigned_up_to", BigInteger, nullable=False),
    Column("waiting", Json, nullable=False),
)
