"""People who sign in, roles, teams, sessions, scopes of tokens, versions for editing, and the audit.

Administrators become owners of every organisation; tokens that exist become the first administrator's, without limits.
There is no way back but a backup from before: what people did in between would be lost either way.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_VERSIONED = ("organisations", "projects", "keys", "users")

_REFUSAL = "the audit is append-only"
_SQLITE_GUARDS = (
    f"CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    f"CREATE TRIGGER audit_loses_nothing BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
)
_POSTGRES_REFUSE = f"""
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
"""
_POSTGRES_GUARDS = (
    _POSTGRES_REFUSE,
    "CREATE TRIGGER audit_keeps_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_loses_nothing BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    _create_access()
    _create_sign_in()
    _create_audit()
    _widen()
    _carry_over()
    op.drop_column("users", "is_admin")


def _create_access() -> None:
    op.create_table(
        "teams",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_teams_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("slug", name="uq_teams_slug"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "team_projects",
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_team_projects_team_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_team_projects_project_id"),
        sa.PrimaryKeyConstraint("team_id", "project_id", name="pk_team_projects"),
    )
    op.create_table(
        "role_bindings",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target_id", _ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_role_bindings_user_id"),
        sa.PrimaryKeyConstraint("user_id", "kind", "target_id", name="pk_role_bindings"),
    )
    op.create_index("ix_role_bindings_kind_target_id", "role_bindings", ["kind", "target_id"], unique=False)


def _create_sign_in() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("last_used", _TIME, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("secret_hash", name="uq_sessions_secret_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
    op.create_table(
        "links",
        sa.Column("id", _ID, nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_links_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint("secret_hash", name="uq_links_secret_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "log_in_attempts",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.Column("blocked_until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_log_in_attempts"),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_resource_id", "audit", ["resource", "id"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.execute(f"INSERT INTO audit_head (id, length, hash) VALUES (1, 0, '{'0' * 64}')")  # noqa: S608 - no input
    for guard in _SQLITE_GUARDS if _is_sqlite() else _POSTGRES_GUARDS:
        op.execute(guard)


def _widen() -> None:
    for table in _VERSIONED:
        op.add_column(table, sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("keys", sa.Column("label", sa.Text(), server_default="", nullable=False))
    op.add_column("keys", sa.Column("changed_at", _TIME, nullable=True))
    op.add_column("users", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.add_column("users", sa.Column("password_hash", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("disabled_at", _TIME, nullable=True))
    op.add_column("users", sa.Column("last_seen", _TIME, nullable=True))
    op.add_column("tokens", sa.Column("scopes", sa.Text(), nullable=True))
    # Alembic cannot add a foreign key on SQLite without writing the table anew; SQLite itself can, with the column.
    kind = "INTEGER" if _is_sqlite() else "BIGINT"
    op.execute(f"ALTER TABLE tokens ADD COLUMN user_id {kind} CONSTRAINT fk_tokens_user_id REFERENCES users (id)")


def _carry_over() -> None:
    op.execute(
        "INSERT INTO role_bindings (user_id, kind, target_id, role) "
        "SELECT u.id, 'organisation', o.id, 'owner' FROM users u CROSS JOIN organisations o WHERE u.is_admin"
    )
    op.execute("UPDATE tokens SET user_id = (SELECT min(id) FROM users WHERE is_admin)")
    op.execute(
        "UPDATE users SET email = lower(email) WHERE NOT EXISTS "
        "(SELECT 1 FROM users o WHERE o.id <> users.id AND lower(o.email) = lower(users.email))"
    )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
