"""Releases, and the files uploaded for them: bundles, what is in them, and pieces of uploads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("released_at", _TIME, nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_releases_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sa.UniqueConstraint("project_id", "version", name="uq_releases_project_id_version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "artifact_bundles",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("dist", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_artifact_bundles_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_artifact_bundles"),
        sa.UniqueConstraint(
            "project_id", "checksum", "release", "dist", name="uq_artifact_bundles_project_id_checksum_release_dist"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "artifact_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("bundle_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("dist", sa.Text(), nullable=False),
        sa.Column("debug_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("map_reference", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["artifact_bundles.id"], name="fk_artifact_files_bundle_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_artifact_files_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_artifact_files"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifact_files_bundle_id", "artifact_files", ["bundle_id"])
    op.create_index("ix_artifact_files_project_id_debug_id", "artifact_files", ["project_id", "debug_id"])
    op.create_index("ix_artifact_files_project_id_release_url", "artifact_files", ["project_id", "release", "url"])
    op.create_table(
        "upload_chunks",
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_upload_chunks_organisation_id"),
        sa.PrimaryKeyConstraint("organisation_id", "sha1", name="pk_upload_chunks"),
    )
