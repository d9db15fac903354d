"""Repositories, commits and the releases they are in; code mappings; who owns what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _repositories()
    _releases()
    _projects()


def _repositories() -> None:
    op.create_table(
        "repositories",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_repositories_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_repositories_organisation_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "commits",
        sa.Column("id", _ID, nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_email", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("has_files", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name="fk_commits_repository_id"),
        sa.PrimaryKeyConstraint("id", name="pk_commits"),
        sa.UniqueConstraint("repository_id", "sha", name="uq_commits_repository_id_sha"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "commit_files",
        sa.Column("commit_id", _ID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["commit_id"], ["commits.id"], name="fk_commit_files_commit_id"),
        sa.PrimaryKeyConstraint("commit_id", "path", name="pk_commit_files"),
    )


def _releases() -> None:
    op.create_table(
        "release_commits",
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("commit_id", _ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["commit_id"], ["commits.id"], name="fk_release_commits_commit_id"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_release_commits_release_id"),
        sa.PrimaryKeyConstraint("release_id", "commit_id", name="pk_release_commits"),
    )
    op.create_table(
        "release_heads",
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_release_heads_release_id"),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name="fk_release_heads_repository_id"),
        sa.PrimaryKeyConstraint("release_id", "repository_id", name="pk_release_heads"),
    )


def _projects() -> None:
    op.create_table(
        "code_mappings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("stack_root", sa.Text(), nullable=False),
        sa.Column("source_root", sa.Text(), nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_code_mappings_project_id"),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name="fk_code_mappings_repository_id"),
        sa.PrimaryKeyConstraint("id", name="pk_code_mappings"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_code_mappings_project_id", "code_mappings", ["project_id"])
    op.create_table(
        "ownership",
        sa.Column("project_id", _ID, autoincrement=False, nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("codeowners", sa.Text(), nullable=False),
        sa.Column("syntax", sa.Text(), nullable=False),
        sa.Column("auto_assign", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("assigned_up_to", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_ownership_project_id"),
        sa.PrimaryKeyConstraint("project_id", name="pk_ownership"),
    )
