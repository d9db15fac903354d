"""Which hashes of log lines are one template."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "template_mappings",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("template_id", sa.BigInteger(), nullable=False),
        sa.Column("refined_id", sa.BigInteger(), nullable=False),
        sa.Column("former_id", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_template_mappings_project_id"),
        sa.PrimaryKeyConstraint("project_id", "template_id", name="pk_template_mappings"),
    )
