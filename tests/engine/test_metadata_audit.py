"""The audit: one line of rows, sealed, however many write; and what tampering with it shows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry, MetadataStore
from engine.metadata._audit import GENESIS, link_hash

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=("Cs",)), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcä", max_size=4), inner, max_size=3),
    max_leaves=6,
)


def entry(action: str = "test.write", resource: str = "thing:1", **details: Any) -> AuditEntry:
    return AuditEntry("user:ann@example.org", action, resource, details)


def tamper(url: str, statement: str) -> None:
    """Change the database behind the back of the triggers, as somebody who may alter tables can."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_keeps_rows")
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_loses_nothing")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def ten(metadata: MetadataStore) -> MetadataStore:
    """Ten remembered writes."""
    for number in range(10):
        metadata.record(entry(number=number))
    return metadata


def test_a_write_and_what_is_remembered_of_it_are_one(metadata: MetadataStore) -> None:
    """A project that is made is in the audit with its number; one that is refused leaves nothing."""
    metadata.create_organisation("acme", audit=entry("organisation.create", "organisation:acme"))
    project = metadata.create_project("shop", audit=entry("project.create", "project:shop", name="Shop"))
    for refused in (
        lambda: metadata.create_project("shop", audit=entry("project.create", "project:shop")),
        lambda: metadata.delete_project(99, audit=entry("project.delete", "project:99")),
        lambda: metadata.set_user_role(99, "owner", audit=entry("user.role", "user:99")),
    ):
        with pytest.raises(UserError):
            refused()
    rows = metadata.audit_page()
    assert [(row.id, row.action, row.resource) for row in rows] == [
        (2, "project.create", "project:shop"),
        (1, "organisation.create", "organisation:acme"),
    ]
    assert rows[0].details == {"name": "Shop", "id": project.id}
    assert rows[0].previous_hash == rows[1].hash
    assert rows[1].previous_hash == GENESIS
    verdict = metadata.verify_audit()
    assert (verdict.intact, verdict.count, verdict.head) == (True, 2, rows[0].hash)


def test_an_empty_audit_is_intact(metadata: MetadataStore) -> None:
    """No rows, and the head is the beginning."""
    verdict = metadata.verify_audit()
    assert (verdict.intact, verdict.count, verdict.head) == (True, 0, GENESIS)


def test_rows_cannot_be_changed_or_removed(ten: MetadataStore, metadata_url: str) -> None:
    """The database itself refuses, whoever asks."""
    engine = sa.create_engine(metadata_url)
    statements = ["UPDATE audit SET actor = 'user:eve' WHERE id = 3", "DELETE FROM audit WHERE id = 10"]
    statements += ["TRUNCATE audit"] if engine.dialect.name == "postgresql" else []
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()
    assert ten.verify_audit().intact


@pytest.mark.parametrize(
    ("statement", "row", "why"),
    [
        ("UPDATE audit SET actor = 'user:eve' WHERE id = 4", 4, "does not fit"),
        ("UPDATE audit SET details = '{\"number\":99}' WHERE id = 4", 4, "does not fit"),
        ("UPDATE audit SET hash = 'f' WHERE id = 10", 10, "does not fit"),
        ("DELETE FROM audit WHERE id = 4", 5, "Row 4 is missing"),
        ("DELETE FROM audit WHERE id = 1", 2, "Row 1 is missing"),
        ("DELETE FROM audit WHERE id > 7", 8, "should end at row 10"),
        ("DELETE FROM audit", 1, "should end at row 10"),
        ("UPDATE audit SET id = 40 WHERE id = 4", 5, "Row 4 is missing"),
    ],
)
def test_tampering_is_found_where_it_is(
    ten: MetadataStore, metadata_url: str, statement: str, row: int, why: str
) -> None:
    """A changed, moved or missing row is named, the first of several; the rows before it are counted as in order."""
    tamper(metadata_url, statement)
    verdict = ten.verify_audit()
    assert not verdict.intact
    assert verdict.broken_id == row
    assert why in verdict.why
    assert verdict.count < 10


def test_a_chain_written_anew_is_found_by_a_head_noted_before(ten: MetadataStore, metadata_url: str) -> None:
    """Who may write everything can make another chain that is whole; it does not hold the hash noted outside."""
    noted = ten.verify_audit().head
    rows = list(reversed(ten.audit_page()))
    previous = rows[4].hash
    for row in rows[5:]:
        forged = replace(row, actor="user:eve", previous_hash=previous)
        previous = link_hash(forged)
        tamper(
            metadata_url,
            f"UPDATE audit SET actor = 'user:eve', previous_hash = '{forged.previous_hash}', hash = '{previous}' "
            f"WHERE id = {row.id}",
        )
    tamper(metadata_url, f"UPDATE audit_head SET hash = '{previous}'")
    assert ten.verify_audit().intact
    verdict = ten.verify_audit(noted)
    assert not verdict.intact
    assert noted in verdict.why


def test_an_earlier_head_stays_in_the_chain(ten: MetadataStore) -> None:
    """What was noted yesterday is proof today, after more was written."""
    noted = ten.verify_audit().head
    ten.record(entry())
    assert ten.verify_audit(noted).intact
    assert not ten.verify_audit("0" * 63 + "1").intact


def test_pages_and_cuts(ten: MetadataStore) -> None:
    """The newest first, from any row on; by action, by the beginning of one, by actor, by resource."""
    ten.record(AuditEntry("local", "user.role", "user:bob"))
    ten.record(AuditEntry("local", "user.role.more", "thing:1"))
    assert [row.id for row in ten.audit_page(limit=3)] == [12, 11, 10]
    assert [row.id for row in ten.audit_page(3)] == [2, 1]
    assert [row.id for row in ten.audit_page(action="user.role")] == [11]
    assert [row.id for row in ten.audit_page(action="user.")] == [12, 11]
    assert [row.id for row in ten.audit_page(actor="local")] == [12, 11]
    assert [row.id for row in ten.audit_about("thing:1", 2)] == [12, 10]
    assert ten.audit_page(action="u%.") == []
    for odd in ("\x00", "\ud800"):
        assert ten.audit_page(action=odd) == ten.audit_page(actor=odd) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(details=st.dictionaries(st.text("abc", max_size=3), JSON, max_size=4))
def test_whatever_details_say_the_chain_holds(metadata: MetadataStore, details: dict[str, Any]) -> None:
    """Numbers of 64 bits, fractions, any letters: what is read back hashes to what was written."""
    metadata.record(AuditEntry("a", "b", "c", details))
    assert metadata.verify_audit().intact


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writers=st.integers(2, 6), each=st.integers(1, 8))
def test_the_chain_is_one_line_however_many_write(metadata: MetadataStore, writers: int, each: int) -> None:
    """Threads with stores of their own append at the same moment: no gap, no fork, everybody's rows in their order."""
    before = metadata.verify_audit().count
    barrier = threading.Barrier(writers)

    def write(writer: int) -> None:
        barrier.wait()
        for number in range(each):
            metadata.record(AuditEntry(f"writer:{writer}", "test.write", "thing:1", {"number": number}))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    verdict = metadata.verify_audit()
    assert (verdict.intact, verdict.count) == (True, before + writers * each), verdict.why
    rows = list(reversed(metadata.audit_page(limit=writers * each)))
    for writer in range(writers):
        mine = [row.details["number"] for row in rows if row.actor == f"writer:{writer}"]
        assert mine == list(range(each))


def test_verifying_while_others_write_raises_no_false_alarm(metadata: MetadataStore) -> None:
    """What is verified is the chain as of one moment, whatever is appended meanwhile."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            metadata.record(entry())

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write) for _ in range(2)]
        verdicts = [metadata.verify_audit() for _ in range(40)]
        stop.set()
    assert all(writer.exception() is None for writer in writers)
    assert [verdict.why for verdict in verdicts if not verdict.intact] == []


def test_what_the_program_does_itself_is_not_remembered(metadata: MetadataStore) -> None:
    """The writer's issues and a project's first steps without an entry leave the audit alone."""
    metadata.create_organisation("acme")
    metadata.create_project("shop")
    with pytest.raises(NotFound):
        metadata.delete_token(4)
    assert metadata.audit_page() == []


def test_times_are_kept_to_the_microsecond(metadata: MetadataStore) -> None:
    """A time that lost digits on the way would break the seal."""
    metadata.record(entry())
    row = metadata.audit_page()[0]
    assert row.at.tzinfo is UTC
    assert abs((datetime.now(UTC) - row.at).total_seconds()) < 60
    assert link_hash(row) == row.hash
    assert link_hash(replace(row, at=row.at.replace(microsecond=(row.at.microsecond + 1) % 1_000_000))) != row.hash
