"""Templates of log lines, one state a project."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_templates",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_log_templates_project_id"),
        sa.PrimaryKeyConstraint("project_id", name="pk_log_templates"),
    )
