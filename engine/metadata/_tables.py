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


def _row_version() -> Column[int]:
    """Return the column that grows with each change, for ETags."""
    return Column("row_version", BigInteger, nullable=False, server_default="1")


ORGANISATIONS = Table(
    "organisations",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    _row_version(),
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
    _row_version(),
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
    _row_version(),
    Column("label", Text, nullable=False, server_default=""),
    Column("changed_at", UtcTime),
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
    Column("scopes", Json),
    Column("user_id", _ID, ForeignKey("users.id")),
    sqlite_autoincrement=True,
)

USERS = Table(
    "users",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    _row_version(),
    Column("name", Text, nullable=False, server_default=""),
    Column("password_hash", Text),
    Column("disabled_at", UtcTime),
    Column("last_seen", UtcTime),
    sqlite_autoincrement=True,
)

TEAMS = Table(
    "teams",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("organisation_id", _ID, ForeignKey("organisations.id"), nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    _row_version(),
    sqlite_autoincrement=True,
)

TEAM_PROJECTS = Table(
    "team_projects",
    METADATA,
    Column("team_id", _ID, ForeignKey("teams.id"), nullable=False),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    PrimaryKeyConstraint("team_id", "project_id"),
)

ROLE_BINDINGS = Table(
    "role_bindings",
    METADATA,
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("target_id", _ID, nullable=False),
    Column("role", Text, nullable=False),
    PrimaryKeyConstraint("user_id", "kind", "target_id"),
    Index(None, "kind", "target_id"),
)
"""Who is what: `kind` is organisation, team or project, `target_id` its number. A team's members are its bindings."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("last_used", UtcTime, nullable=False),
    Column("address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    sqlite_autoincrement=True,
)

LINKS = Table(
    "links",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    sqlite_autoincrement=True,
)

ATTEMPTS = Table(
    "log_in_attempts",
    METADATA,
    # A hash, because what strangers type into a log-in form is of any length and may be a password.
    Column("subject", Text, primary_key=True),
    Column("failures", BigInteger, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("blocked_until", UtcTime, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    # Given by the writer who holds the head, so that there are no gaps.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("details", Json, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "resource", "id"),
)
"""Append-only: triggers, made by the migration, refuse UPDATE and DELETE."""

AUDIT_HEAD = Table(
    "audit_head",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("length", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
"""One row: the end of the chain. Whoever appends holds it."""

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
    # Since when it is in its state; null for one that is in its first.
    Column("since", UtcTime),
    # What a resolution or an archiving depends on, see `server.issues.states`.
    Column("condition", Json, nullable=False, server_default="{}"),
    # Who chose the priority; empty while it is computed from the base, the level and how the error was handled.
    Column("priority_by", Text, nullable=False, server_default=""),
    Column("base_priority", Text, nullable=False, server_default="medium"),
    Column("first_release", Text, nullable=False, server_default=""),
    # The value of the counter `workflow` when the state changed last, so that readers can ask for what is new.
    Column("state_seq", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("project_id", "issue_id"),
    UniqueConstraint("project_id", "fingerprint"),
    UniqueConstraint("project_id", "number"),
    Index(None, "short_id"),
    Index(None, "state_seq"),
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

SAVED_QUERIES = Table(
    "saved_queries",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("organisation_id", _ID, ForeignKey("organisations.id"), nullable=False),
    Column("owner_id", _ID, ForeignKey("users.id")),
    Column("sharing", Text, nullable=False),
    # Names are unique where they are looked up: among what is shared, and among what is one person's own.
    Column("space", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    _row_version(),
    # Kept for a while, so that it can be brought back; meanwhile nothing finds it and its name is free.
    Column("deleted_at", UtcTime),
    UniqueConstraint("space", "name_key"),
    sqlite_autoincrement=True,
)
"""`row_version` is the number of the newest row in `saved_query_versions`."""

SAVED_QUERY_VERSIONS = Table(
    "saved_query_versions",
    METADATA,
    Column("query_id", _ID, ForeignKey("saved_queries.id"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("sharing", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("query_id", "version"),
)
"""A trigger, made by the migration, refuses UPDATE; rows go only with their query."""

SAVED_QUERY_STARS = Table(
    "saved_query_stars",
    METADATA,
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False),
    Column("query_id", _ID, ForeignKey("saved_queries.id"), nullable=False),
    PrimaryKeyConstraint("user_id", "query_id"),
)

RELEASES = Table(
    "releases",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("version", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("released_at", UtcTime),
    # What the client said besides, as it said it: ref, url, refs, commits, deploys.
    Column("facts", Json, nullable=False),
    UniqueConstraint("project_id", "version"),
    sqlite_autoincrement=True,
)

ARTIFACT_BUNDLES = Table(
    "artifact_bundles",
    METADATA,
    # Grows with each upload: what a raw range may see of the bundles is said by the highest number it may use.
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("checksum", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("release", Text, nullable=False),
    Column("dist", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("project_id", "checksum", "release", "dist"),
    sqlite_autoincrement=True,
)
"""What was uploaded in one piece: a bundle of files (a zip), or one file alone."""

ARTIFACT_FILES = Table(
    "artifact_files",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("bundle_id", _ID, ForeignKey("artifact_bundles.id"), nullable=False, index=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("release", Text, nullable=False),
    Column("dist", Text, nullable=False),
    Column("debug_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    # Where in the bundle it is; empty when the bundle is the file itself.
    Column("member", Text, nullable=False),
    Column("map_reference", Text, nullable=False),
    Index(None, "project_id", "debug_id"),
    Index(None, "project_id", "release", "url"),
    sqlite_autoincrement=True,
)

UPLOAD_CHUNKS = Table(
    "upload_chunks",
    METADATA,
    Column("organisation_id", _ID, ForeignKey("organisations.id"), nullable=False),
    Column("sha1", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("organisation_id", "sha1"),
)
"""Pieces of uploads, until they are put together."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("every_s", BigInteger, nullable=False),
    Column("next_due", UtcTime, nullable=False),
    Column("last_started", UtcTime),
    Column("last_finished", UtcTime),
    Column("last_result", Text, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("failures", BigInteger, nullable=False),
    # Who runs it, and until when that holds without being renewed: a process that dies lets go by dying.
    Column("holder", Text, nullable=False),
    Column("lease_until", UtcTime),
)

LOG_TEMPLATES = Table(
    "log_templates",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), primary_key=True),
    Column("state", Json, nullable=False),
    Column("read_until", UtcTime, nullable=False),
)
"""What a project's template miner knows, and until when lines were read for it."""

TEMPLATE_MAPPINGS = Table(
    "template_mappings",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("template_id", Unsigned64, nullable=False),
    Column("refined_id", Unsigned64, nullable=False),
    Column("former_id", Unsigned64, nullable=False),
    # Whether a person said so: what the miner finds later does not change it.
    Column("decided", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("project_id", "template_id"),
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
