"""A metadata database of the first Amber, with everything in it, becomes one of today."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from engine.ids import hash_token
from engine.metadata import MetadataStore
from engine.metadata._database import Database
from engine.metadata._upgrade import SCRIPTS, revisions
from engine.snapshot import KeyConfig, ProjectConfig

THEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TOKEN = "amb_of_the_first_version"

ROWS = {
    "organisations": [{"id": 1, "slug": "acme", "name": "Acme"}],
    "projects": [
        {
            "id": 3,
            "slug": "shop",
            "name": "Shop",
            "organisation_id": 1,
            "created_at": THEN,
            "options": '{"retention_days":7}',
            "last_issue_number": 1,
        }
    ],
    "keys": [{"id": 5, "project_id": 3, "public_key": "a" * 32, "active": True, "created_at": THEN}],
    "users": [
        {"id": 1, "email": "Reader@Example.org", "is_admin": False, "created_at": THEN},
        {"id": 2, "email": "Admin@Example.org", "is_admin": True, "created_at": THEN},
        {"id": 4, "email": "second@example.org", "is_admin": True, "created_at": THEN},
    ],
    "tokens": [
        {"id": 1, "token_hash": hash_token(TOKEN), "name": "admin", "project_ids": None, "created_at": THEN},
        {"id": 2, "token_hash": hash_token("other"), "name": "ci", "project_ids": "[3]", "created_at": THEN},
    ],
    "issues": [
        {
            "project_id": 3,
            "issue_id": 11,
            "fingerprint": 12,
            "number": 1,
            "short_id": "SHOP-1",
            "title": "t",
            "culprit": "c",
            "level": "error",
            "status": "resolved",
            "substatus": "",
            "assignee": "user:ann",
            "priority": "high",
            "first_seen": THEN,
            "row_version": 3,
        }
    ],
    "settings": [{"name": "limits", "value": '{"max_items":5}'}],
    "counters": [{"name": "config", "value": 4}],
}


@pytest.fixture
def first_database(metadata_url: str) -> str:
    """URL of a database as revision 0001 left it, with rows in its tables."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    database = Database(metadata_url)
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with database.write() as connection:
        for name, rows in ROWS.items():
            connection.execute(sa.insert(sa.Table(name, sa.MetaData(), autoload_with=connection)), rows)
        if not database.is_sqlite:
            # What numbered rows by itself in the old program went on counting.
            for name in ("organisations", "projects", "keys", "users", "tokens"):
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), 100)")
    database.close()
    return metadata_url


def test_a_database_of_the_first_version_keeps_what_it_holds(first_database: str) -> None:
    """Projects with their options, keys, issues and settings are what they were; the snapshot is the same."""
    store = MetadataStore(first_database)
    store.upgrade()
    store.health()
    assert [(row.slug, row.options, row.row_version) for row in store.projects()] == [
        ("shop", {"retention_days": 7}, 1)
    ]
    assert [(row.public_key, row.active, row.label) for row in store.keys(3)] == [("a" * 32, True, "")]
    snapshot = store.config_snapshot()
    assert snapshot.version == 4
    assert snapshot.keys == {"a" * 32: KeyConfig(5, 3)}
    scrub_key = snapshot.projects[3].scrub_key
    assert snapshot.projects == {3: ProjectConfig(3, "shop", retention_days=7, scrub_key=scrub_key)}
    assert snapshot.limits.max_items == 5
    issue = store.issue_by_short_id("SHOP-1")
    assert issue is not None
    assert (issue.status, issue.assignee, issue.row_version, issue.first_seen) == ("resolved", "user:ann", 3, THEN)
    store.close()


def test_administrators_become_owners_and_tokens_belong_to_the_first(first_database: str) -> None:
    """Old tokens open what they opened, without limits; people without a part in it get no role."""
    store = MetadataStore(first_database)
    store.upgrade()
    assert [(user.email, user.role, user.has_password) for user in store.users()] == [
        ("reader@example.org", "", False),
        ("admin@example.org", "owner", False),
        ("second@example.org", "owner", False),
    ]
    token = store.find_token(TOKEN)
    assert token is not None
    assert (token.user_id, token.scopes, token.project_ids) == (2, None, None)
    narrow = store.find_token("other")
    assert narrow is not None
    assert (narrow.user_id, narrow.scopes, narrow.project_ids) == (2, None, (3,))
    assert store.verify_audit().intact
    store.close()


def test_what_is_added_after_the_upgrade_is_numbered_on(first_database: str) -> None:
    """Numbers given before are not given again."""
    store = MetadataStore(first_database)
    store.upgrade()
    user = store.create_user("new@example.org", role="member")
    assert user.id > 4
    assert store.create_project("web").id > 3
    assert store.create_team("web").id == 1
    store.close()


def test_the_revisions_are_the_scripts() -> None:
    """The last one is the schema of this version."""
    assert revisions()[0] == "0001"
    assert list(revisions()) == [f"{number:04}" for number in range(1, len(revisions()) + 1)]
