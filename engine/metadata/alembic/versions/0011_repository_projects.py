"""Which projects know which repositories: those whose releases or code mappings name one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Of a repository that was only pushed to, nothing says which project it is of: its next push does.
_KNOWN = """
INSERT INTO repository_projects (repository_id, project_id)
SELECT c.repository_id, r.project_id FROM release_commits rc
    JOIN commits c ON c.id = rc.commit_id JOIN releases r ON r.id = rc.release_id
UNION SELECT h.repository_id, r.project_id FROM release_heads h JOIN releases r ON r.id = h.release_id
UNION SELECT m.repository_id, m.project_id FROM code_mappings m
"""


def upgrade() -> None:
    op.create_table(
        "repository_projects",
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name="fk_repository_projects_repository_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_repository_projects_project_id"),
        sa.PrimaryKeyConstraint("repository_id", "project_id", name="pk_repository_projects"),
    )
    op.create_index("ix_repository_projects_project_id", "repository_projects", ["project_id"])
    op.execute(sa.text(_KNOWN))
