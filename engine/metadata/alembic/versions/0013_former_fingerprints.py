"""Which fingerprints of the grouping version before go with which of the new one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "issue_former_fingerprints",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("former", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_issue_former_fingerprints_project_id"),
        sa.PrimaryKeyConstraint("project_id", "former", name="pk_issue_former_fingerprints"),
    )
