"""Tables of decisions about which fingerprints belong together, and of what re-clustering has learned."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from engine.metadata._tables import METADATA
from engine.metadata._types import Json, Unsigned64, UtcTime

# SQLite numbers rows by itself only in a column declared exactly INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")

DECISIONS = Table(
    "issue_decisions",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("undoes", _ID),
    Column("undone_by", _ID),
    Index(None, "project_id", "id"),
    sqlite_autoincrement=True,
)
"""`undoes` and `undone_by` name each other's rows; an undo that is undone clears `undone_by` of what it undid."""

MOVES = Table(
    "issue_decision_moves",
    METADATA,
    Column("decision_id", _ID, ForeignKey("issue_decisions.id"), nullable=False),
    Column("fingerprint", Unsigned64, nullable=False),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("before_id", Unsigned64, nullable=False),
    Column("after_id", Unsigned64, nullable=False),
    PrimaryKeyConstraint("decision_id", "fingerprint"),
    Index(None, "project_id", "fingerprint"),
)

VERDICTS = Table(
    "issue_verdicts",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    # The smaller one first, as the database compares them.
    Column("one", Unsigned64, nullable=False),
    Column("other", Unsigned64, nullable=False),
    Column("together", Boolean, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("project_id", "one", "other"),
)
"""What people said of pairs of fingerprints last; a model never goes against it, and learns from it."""

ORIGINS = Table(
    "issue_origins",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("issue_id", Unsigned64, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    PrimaryKeyConstraint("project_id", "issue_id"),
)
"""When an issue's own events began, kept once a merge has set its `first_seen` back."""

FORMER = Table(
    "issue_former_fingerprints",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    # Of the grouping version before.
    Column("former", Unsigned64, nullable=False),
    # The first one of the new version that had it.
    Column("fingerprint", Unsigned64, nullable=False),
    Column("met_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("project_id", "former"),
)
"""Which fingerprints of the version before go with which of the new one, see `engine.metadata._former`."""

SUGGESTIONS = Table(
    "issue_suggestions",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("issue_id", Unsigned64, nullable=False),
    # What would be merged into it; 0 for a split.
    Column("other_id", Unsigned64, nullable=False),
    Column("fingerprints", Json, nullable=False),
    Column("probability", Float, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcTime),
    UniqueConstraint("project_id", "kind", "issue_id", "other_id"),
    sqlite_autoincrement=True,
)

FEATURES = Table(
    "issue_features",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("fingerprint", Unsigned64, nullable=False),
    Column("body", Json, nullable=False),
    PrimaryKeyConstraint("project_id", "fingerprint"),
)
"""What re-clustering compares of a fingerprint: its representative's frames, types and message template."""

CURSORS = Table(
    "issue_cursors",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), primary_key=True),
    # The number of the last issue that was looked at.
    Column("number", BigInteger, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("moved_at", UtcTime, nullable=False),
)
