"""Decisions about which fingerprints belong together, suggestions, and what re-clustering has learned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def _project(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    """Return the column of the project and its constraint."""
    return (
        sa.Column("project_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=f"fk_{table}_project_id"),
    )


def _decisions() -> None:
    op.create_table(
        "issue_decisions",
        sa.Column("id", _ID, nullable=False),
        *_project("issue_decisions"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("undoes", _ID, nullable=True),
        sa.Column("undone_by", _ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_issue_decisions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_issue_decisions_project_id_id", "issue_decisions", ["project_id", "id"])
    op.create_table(
        "issue_decision_moves",
        sa.Column("decision_id", _ID, nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        *_project("issue_decision_moves"),
        sa.Column("before_id", sa.BigInteger(), nullable=False),
        sa.Column("after_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["issue_decisions.id"], name="fk_issue_decision_moves_decision_id"),
        sa.PrimaryKeyConstraint("decision_id", "fingerprint", name="pk_issue_decision_moves"),
    )
    op.create_index(
        "ix_issue_decision_moves_project_id_fingerprint", "issue_decision_moves", ["project_id", "fingerprint"]
    )
    op.create_table(
        "issue_verdicts",
        *_project("issue_verdicts"),
        sa.Column("one", sa.BigInteger(), nullable=False),
        sa.Column("other", sa.BigInteger(), nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "one", "other", name="pk_issue_verdicts"),
    )
    op.create_table(
        "issue_origins",
        *_project("issue_origins"),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "issue_id", name="pk_issue_origins"),
    )


def _learned() -> None:
    op.create_table(
        "issue_suggestions",
        sa.Column("id", _ID, nullable=False),
        *_project("issue_suggestions"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprints", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_issue_suggestions"),
        sa.UniqueConstraint(
            "project_id",
            "kind",
            "issue_id",
            "other_id",
            name="uq_issue_suggestions_project_id_kind_issue_id_other_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "issue_features",
        *_project("issue_features"),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "fingerprint", name="pk_issue_features"),
    )
    op.create_table(
        "issue_cursors",
        *_project("issue_cursors"),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("moved_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("project_id", name="pk_issue_cursors"),
    )


def upgrade() -> None:
    _decisions()
    _learned()
