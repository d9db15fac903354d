"""Saved queries, their versions, which nothing changes, and the stars of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

_REFUSAL = "a version of a saved query does not change"
_SQLITE_GUARD = (
    "CREATE TRIGGER saved_query_versions_keep BEFORE UPDATE ON saved_query_versions "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
)
_POSTGRES_REFUSE = f"""
CREATE FUNCTION saved_query_versions_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
"""
_POSTGRES_TRIGGER = """
CREATE TRIGGER saved_query_versions_keep BEFORE UPDATE ON saved_query_versions
FOR EACH ROW EXECUTE FUNCTION saved_query_versions_refuse()
"""
_POSTGRES_GUARDS = (_POSTGRES_REFUSE, _POSTGRES_TRIGGER)


def upgrade() -> None:
    op.create_table(
        "saved_queries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("owner_id", _ID, nullable=True),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_saved_queries_organisation_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_saved_queries_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_queries"),
        sa.UniqueConstraint("space", "name_key", name="uq_saved_queries_space_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_query_versions",
        sa.Column("query_id", _ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["query_id"], ["saved_queries.id"], name="fk_saved_query_versions_query_id"),
        sa.PrimaryKeyConstraint("query_id", "version", name="pk_saved_query_versions"),
    )
    op.create_table(
        "saved_query_stars",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("query_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_saved_query_stars_user_id"),
        sa.ForeignKeyConstraint(["query_id"], ["saved_queries.id"], name="fk_saved_query_stars_query_id"),
        sa.PrimaryKeyConstraint("user_id", "query_id", name="pk_saved_query_stars"),
    )
    for guard in (_SQLITE_GUARD,) if op.get_bind().dialect.name == "sqlite" else _POSTGRES_GUARDS:
        op.execute(guard)
