"""Identifiers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.eventstore import EventStore
from engine.ids import default_issue_id, hash_token, int_hash_64, new_event_id, new_public_key, new_token
from engine.schema import DEFAULT_ISSUE_ID, promoted_column

UINT64 = st.integers(0, 2**64 - 1)


def test_issue_ids_are_the_same_in_python_and_in_the_engine(event_store: EventStore) -> None:
    """Ten thousand random pairs and the corners give bit for bit the number the store computes."""
    corners = [(a, b) for a in (0, 1, 2**32, 2**63, 2**64 - 1) for b in (0, 1, 2**32, 2**63, 2**64 - 1)]
    sql = f"""
        SELECT project_id, fingerprint, {DEFAULT_ISSUE_ID} AS issue_id
        FROM (
            SELECT arrayJoin({{corners:Array(Tuple(UInt64, UInt64))}}) AS pair,
                pair.1 AS project_id, pair.2 AS fingerprint
            UNION ALL
            SELECT (0, 0) AS pair, rand64(1) AS project_id, rand64(2) AS fingerprint FROM numbers(10000)
        )
    """
    rows = event_store.query(sql, {"corners": corners}).table.to_pylist()
    assert len(rows) == 10_000 + len(corners)
    for row in rows:
        assert default_issue_id(row["project_id"], row["fingerprint"]) == row["issue_id"]


@given(UINT64, UINT64)
def test_two_fingerprints_of_a_project_never_share_an_issue(first: int, second: int) -> None:
    """Within a project the hash is a bijection."""
    assert (default_issue_id(7, first) == default_issue_id(7, second)) == (first == second)
    assert 0 <= int_hash_64(first) < 2**64


def test_random_ids_have_the_shape_clients_expect() -> None:
    """Event ids and public keys are 32 hex digits, tokens are recognisable, and none comes twice."""
    for make in (new_event_id, new_public_key):
        assert len({make() for _ in range(100)}) == 100
        assert len(make()) == 32
        int(make(), 16)
    token = new_token()
    assert token.startswith("amb_")
    assert len(token) > 40
    assert hash_token(token) == hash_token(token) != hash_token(new_token())


@given(st.text(), st.text())
def test_two_tags_never_share_a_promoted_column(first: str, second: str) -> None:
    """The name of a promoted column is injective, and plain enough for any SQL."""
    assert (promoted_column(first) == promoted_column(second)) == (first == second)
    assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in promoted_column(first))
