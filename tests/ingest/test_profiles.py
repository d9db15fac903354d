"""Profiles become folded stacks whose weights add up to the time that was sampled."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.blobs import BlobRef, FileBlobStore
from ingest.batches import batch_of
from ingest.blobs.profiles import MAX_DEPTH, profile_rows
from ingest.errors import InvalidItem
from ingest.jsontext import decode_json
from tests.ingest.helpers import NOW_NS, SHARED, arrival, envelope, processed, raw, tally

START_S = NOW_NS // 10**9
FRAMES = [
    {"function": "inner", "module": "shop.cart", "filename": "shop/cart.py", "lineno": 7, "in_app": True},
    {"function": "outer", "module": "shop.app", "filename": "shop/app.py", "lineno": 3, "in_app": True},
    {"function": "wait", "filename": "threading.py", "abs_path": "/usr/lib/python3.11/threading.py"},
]


def chunk(samples, stacks=((0, 1), (2, 1)), frames=FRAMES, **members):
    profile = {
        "samples": [{"thread_id": t, "stack_id": s, "timestamp": START_S + ms / 1000} for t, s, ms in samples],
        "stacks": stacks,
        "frames": frames,
        "thread_metadata": {"1": {"name": "MainThread"}},
    }
    return {"profiler_id": "a" * 32, "chunk_id": "b" * 32, "version": "2", "profile": profile, **members}


def rows(data, **given):
    return profile_rows(decode_json(json.dumps(data).encode()), arrival(**given), "f" * 64)


def test_a_sample_weighs_the_time_to_the_next_one_of_its_thread():
    """Whatever order they were sent in, and whatever other threads did meanwhile; the last one weighs nothing."""
    found = rows(chunk([("1", 0, 30), ("1", 0, 0), ("2", 0, 5), ("1", 1, 10), ("2", 0, 105)]))
    facts = [(r["thread_id"], r["thread_name"], r["functions"][-1], r["weight_ns"], r["sample_count"]) for r in found]
    assert facts == [
        ("1", "MainThread", "inner", 10_000_000, 2),
        ("1", "MainThread", "wait", 20_000_000, 1),
        ("2", "", "inner", 100_000_000, 2),
    ]
    assert [r["timestamp"] - START_S * 10**9 for r in found] == [0, 10_000_000, 5_000_000]


@given(st.lists(st.tuples(st.sampled_from("123"), st.integers(0, 1), st.integers(0, 5000)), min_size=1, max_size=60))
def test_the_weights_of_a_thread_add_up_to_the_time_it_was_watched(samples):
    moments = defaultdict(list)
    for thread, _, ms in samples:
        moments[thread].append(ms)
    weights, counts = defaultdict(int), defaultdict(int)
    for row in rows(chunk(samples)):
        weights[row["thread_id"]] += row["weight_ns"]
        counts[row["thread_id"]] += row["sample_count"]
    assert weights == {thread: (max(ms) - min(ms)) * 1_000_000 for thread, ms in moments.items()}
    assert counts == {thread: len(ms) for thread, ms in moments.items()}


def test_frames_come_outermost_first_with_module_function_file_and_line():
    row = rows(chunk([("1", 1, 0)], frames=[{}, FRAMES[1], {**FRAMES[2], "instruction_addr": "0x1"}]))[0]
    assert row["frames"] == ["shop.app:outer shop/app.py:3", "wait threading.py"]
    assert (row["functions"], row["in_app"]) == (["outer", "wait"], [True, False])
    nameless = rows(chunk([("1", 0, 0)], frames=[{"instruction_addr": "0xff"}, {}]))[0]
    assert nameless["frames"] == ["<anonymous>", "0xff"]


def test_a_profile_of_version_1_counts_from_its_start_and_names_its_transaction():
    profile = {
        "samples": [
            {"stack_id": 0, "thread_id": "9", "elapsed_since_start_ns": "1000"},
            {"stack_id": 0, "thread_id": "9", "elapsed_since_start_ns": 4000},
        ],
        "stacks": [[0]],
        "frames": FRAMES,
    }
    transaction = {"id": "c" * 32, "name": "GET /cart", "trace_id": "d" * 32}
    data = {"event_id": "e" * 32, "timestamp": START_S, "transactions": [transaction], "profile": profile}
    (row,) = rows({**data, "platform": "python", "release": "shop@1", "environment": "prod"})
    assert (row["timestamp"], row["weight_ns"], row["sample_count"]) == (START_S * 10**9 + 1000, 3000, 2)
    assert (row["profile_id"], row["event_id"], row["trace_id"], row["transaction"]) == (
        "e" * 32,
        "c" * 32,
        "d" * 32,
        "GET /cart",
    )
    assert (row["profiler_id"], row["chunk_id"], row["release"]) == ("", "", "shop@1")
    assert b"samples" not in row["payload"]


def test_times_of_a_wrong_clock_are_moved_and_said():
    (row,) = rows(chunk([("1", 0, 0)]), drift_ns=-3_600_000_000_000)
    assert row["timestamp"] == START_S * 10**9 - 3_600_000_000_000
    assert row["remarks"] == ["timestamp:drifted"]


def test_samples_without_time_or_stack_are_dropped_and_said():
    data = chunk([("1", 0, 0), ("1", 7, 1)])
    data["profile"]["samples"] += [{"stack_id": 0}, {"stack_id": "0", "timestamp": START_S}, None, 5]
    data["profile"]["stacks"] = [[0], [99], "x"]
    (row,) = rows(data)
    assert (row["sample_count"], row["remarks"]) == (1, ["profile.samples:invalid"])
    with pytest.raises(InvalidItem, match="no sample"):
        rows(chunk([("1", 5, 0)]))
    with pytest.raises(InvalidItem, match="sample formats 1 and 2"):
        rows({"event_id": "a" * 32, "sampled_profile": "SLOW"})
    with pytest.raises(InvalidItem, match="no id"):
        rows({**chunk([("1", 0, 0)]), "chunk_id": "x"})


def test_time_with_an_empty_stack_belongs_to_no_stack():
    """So browsers say that nothing ran; it is no reason for a remark."""
    (row,) = rows(chunk([("1", 0, 0), ("1", 1, 10), ("1", 0, 500), ("1", 1, 507)], stacks=[[0], []]))
    assert (row["weight_ns"], row["sample_count"], row["remarks"]) == (17_000_000, 2, [])


def test_a_recursion_is_cut_in_the_middle():
    (row,) = rows(chunk([("1", 0, 0)], stacks=[[0] * MAX_DEPTH + [1] * MAX_DEPTH]))
    assert row["functions"] == ["outer"] * (MAX_DEPTH // 2) + ["inner"] * (MAX_DEPTH // 2)
    assert row["remarks"] == ["frames:trimmed"]


def test_a_resent_chunk_counts_once_and_all_of_it_is_kept_as_a_blob(tmp_path):
    blobs = FileBlobStore(tmp_path)
    text = json.dumps(chunk([("1", 0, 0), ("1", 1, 10)])).encode()
    record = raw(envelope(({"type": "profile_chunk", "platform": "python"}, text)))
    batch = processed(record, record, blobs=blobs)
    assert tally(batch) == {("accepted", "profile_chunk", ""): 1, ("duplicate", "profile_chunk", "resent"): 1}
    assert batch_of("profiles", batch.rows["profiles"]).num_rows == 2
    assert {row["platform"] for row in batch.rows["profiles"]} == {"python"}
    with blobs.open(BlobRef(1, batch.rows["profiles"][0]["profile_sha256"], 0)) as stored:
        assert stored.read() == text
    assert processed(record).rows["profiles"] == batch.rows["profiles"], "also where nothing is kept, and again"


_CAPTURES = {
    "python-sentry-sdk-2.75.0/transaction_profile.profile+transaction": "GET /cart/{id}",
    "python-sentry-sdk-2.75.0/profile_chunk.profile_chunk": "",
    "node-sentry-11.1.0/txn_contprof.profile_chunk": "",
    "browser-sentry-11.12.0/errors.profile_chunk": "",
}


@pytest.mark.parametrize("name", _CAPTURES)
def test_profiles_of_real_clients_are_read_to_the_last_sample(name):
    path = SHARED / "data" / "envelopes" / f"{name}.bin"
    if not path.exists():
        pytest.skip("the captures of ../shared are not here")
    body = path.read_bytes()
    batch = processed(raw(body, event_id="1" * 32))
    found = batch.rows["profiles"]
    sent = next(json.loads(line) for line in body.split(b"\n") if b'"samples"' in line)["profile"]
    busy = [sample for sample in sent["samples"] if sent["stacks"][sample["stack_id"]]]
    assert sum(row["sample_count"] for row in found) == len(busy) > 0
    assert {row["transaction"] for row in found} == {_CAPTURES[name]}
    assert not any(row["remarks"] for row in found)
    assert batch_of("profiles", found).num_rows == len(found)
