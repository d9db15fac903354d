"""Tables of the metadata database. Alembic's scripts must lead to exactly these; a test compares them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from engine.metadata._types import Json, Unsigned64, UtcTime

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column declared exactly INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")

ORGANISATIONS = Table(
    "organisations",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    sqlite_autoincrement=True,
)

PROJECTS = Table(
    "projects",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("organisation_id", _ID, ForeignKey("organisations.id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    Column("options", Json, nullable=False),
    # The last number given to an issue. Whoever numbers issues of the project holds this row.
    Column("last_issue_number", BigInteger, nullable=False),
    # A number that was once a project's must never become another's: its events may still be stored.
    sqlite_autoincrement=True,
)

KEYS = Table(
    "keys",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False, index=True),
    Column("public_key", Text, nullable=False, unique=True),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("project_ids", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used", UtcTime),
    sqlite_autoincrement=True,
)

USERS = Table(
    "users",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

ISSUES = Table(
    "issues",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("issue_id", Unsigned64, nullable=False),
    Column("fingerprint", Unsigned64, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("short_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("culprit", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("substatus", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("row_version", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "issue_id"),
    UniqueConstraint("project_id", "fingerprint"),
    UniqueConstraint("project_id", "number"),
    Index(None, "short_id"),
)

MAPPINGS = Table(
    "issue_mappings",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("fingerprint", Unsigned64, nullable=False),
    Column("issue_id", Unsigned64, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("project_id", "fingerprint"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

SETTINGS = Table(
    "settings",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Json, nullable=False),
)

COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Numbers that only grow: `config` (version of the configuration snapshot) and `mapping` (version of mapping rows)."""
