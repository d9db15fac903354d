"""What a state depends on and since when it is, who chose a priority, and the release of the first event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for column in (
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("priority_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("base_priority", sa.Text(), nullable=False, server_default="medium"),
        sa.Column("first_release", sa.Text(), nullable=False, server_default=""),
        sa.Column("state_seq", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("issues", column)
    op.create_index("ix_issues_state_seq", "issues", ["state_seq"])
    # What was chosen by somebody cannot be told from what was computed: it stays as it is.
    op.execute("UPDATE issues SET base_priority = priority")
