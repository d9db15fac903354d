"""Default views, and deletions of saved queries that can be undone for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("saved_queries", sa.Column("deleted_at", _TIME, nullable=True))
    op.create_table(
        "default_views",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("view_id", _ID, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["view_id"], ["saved_queries.id"], name="fk_default_views_view_id"),
        sa.PrimaryKeyConstraint("page", "project_id", "user_id", name="pk_default_views"),
    )
