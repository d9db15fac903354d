"""Anything at all sent to any door: no 5xx, no hang, an answer with CORS, and what was acknowledged becomes rows or
dead letters. `AMBER_FUZZ=n` makes n times as many examples (`make fuzz`)."""  # noqa: D205, D209 - one thought

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.errors import Refused
from ingest.handlers import Batch
from ingest.http import ENDPOINTS, NATIVE_ENDPOINTS, create_app
from ingest.items import ITEM_TYPES
from ingest.native.formats import lines_of, statsd_lines
from ingest.native.lines import NATIVE_DATASETS, known_names
from ingest.ports import FixedSnapshot
from tests.ingest.helpers import KEY, processed, snapshot
from tests.ingest.sites import TestClock

EXAMPLES = 30 * int(os.environ.get("AMBER_FUZZ", "1"))
_QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_WORDS = st.sampled_from(
    [
        "",
        "0",
        "a" * 32,
        KEY,
        "1e999",
        "\ud800".encode("utf-8", "replace").decode(),
        "\0",
        "-1",
        "2026-11-21T00:00:00Z",
        "💥",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_MEMBERS = re.findall(
    r"\S+",
    "event_id sent_at dsn trace type length item_count exception values stacktrace frames timestamp contexts spans "
    "start_timestamp tags user request message items attributes body name value status sid attrs aggregates url "
    "monitor_slug csp-report blocked-uri deployment_status commits object_kind",
)
DOCUMENTS = st.dictionaries(st.sampled_from(_MEMBERS) | st.text(max_size=6), JSON, max_size=6)
PACKS = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "lies": bytes,
}
TYPES = ("", "application/json", "multipart/form-data; boundary=x", "application/csp-report", "application/x-protobuf",
         "application/vnd.apache.arrow.stream", "text/plain")  # fmt: skip


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


@st.composite
def envelopes(draw: st.DrawFn) -> bytes:
    """Envelopes that are nearly right."""
    lines = [draw(st.sampled_from([b"{}", b"", b"null"]) | DOCUMENTS.map(text))]
    for _ in range(draw(st.integers(0, 3))):
        payload = draw(st.binary(max_size=40) | DOCUMENTS.map(text))
        header = {"type": draw(st.sampled_from(sorted(ITEM_TYPES)) | st.text(max_size=5)), **draw(DOCUMENTS)}
        if draw(st.booleans()):
            header["length"] = draw(st.sampled_from([len(payload), len(payload) + 1, 0, -1, None, "3"]))
        lines += [text(header), payload]
    return b"\n".join(lines)


BODIES = st.one_of(
    envelopes(),
    st.binary(max_size=80),
    DOCUMENTS.map(text),
    st.lists(DOCUMENTS, max_size=3).map(text),
    st.lists(DOCUMENTS.map(text), max_size=4).map(b"\n".join),
    st.binary(max_size=60).map(
        lambda data: (
            b'--x\r\nContent-Disposition: form-data; name="upload_file_minidump"; filename="a"\r\n\r\nMDMP'
            + data
            + b"\r\n--x--\r\n"
        )
    ),
)


class Port:
    """The ingest port over a list of records."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        config = FixedSnapshot(snapshot(webhook_secret="a secret of some length"))
        app, self.edge = create_app(self, config, clock=TestClock())  # type: ignore[arg-type] - the time alone is asked
        self.client = app.test_client()

    def append(self, shard_key: bytes, payload: bytes) -> None:
        """Keep a record."""
        self.payloads.append(payload)

    def close(self) -> None:
        """Stop counting refusals."""
        self.edge.close()

    def batch(self) -> Batch:
        """What became of the records since the last time."""
        payloads, self.payloads = self.payloads, []
        return processed(*payloads)


@pytest.fixture(scope="module")
def site() -> Iterator[Port]:
    """One ingest port for all examples."""
    found = Port()
    yield found
    found.close()


@_QUICK
@given(data=st.data())
def test_no_request_gets_a_5xx_or_an_answer_without_cors(site: Port, data: st.DataObject) -> None:
    """Whatever the path, the encoding, the type and the body are; an acknowledged record never stops the normaliser."""
    endpoint = data.draw(st.sampled_from((*ENDPOINTS, *NATIVE_ENDPOINTS)))
    path = endpoint.rule
    for name, values in (
        ("project", ["1", "2", "x", "shop"]),
        ("key", [KEY, "short"]),
        ("slug", ["nightly", "ä b"]),
        ("event_id", ["a" * 32, "x"]),
        ("dataset", [*NATIVE_DATASETS, "statsd", "x"]),
    ):
        if f"<{name}>" in path:
            path = path.replace(f"<{name}>", data.draw(st.sampled_from(values)))
    encoding = data.draw(st.sampled_from(sorted(PACKS)))
    body = PACKS[encoding](data.draw(BODIES))
    if data.draw(st.booleans()):
        body = body[: data.draw(st.integers(0, len(body)))]
    answer = site.client.open(
        path,
        method=data.draw(st.sampled_from(endpoint.methods)),
        query_string={"sentry_key": KEY, "status": data.draw(_WORDS), "sentry_data": data.draw(_WORDS)},
        data=body,
        headers={"Content-Encoding": "gzip" if encoding == "lies" else encoding},
        content_type=data.draw(st.sampled_from(TYPES)) or None,
    )
    assert answer.status_code < 500
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    site.batch()


@_QUICK
@given(
    lines=st.lists(st.dictionaries(st.sampled_from([*known_names("spans"), "x", "a.b"]), JSON, max_size=6), max_size=4)
)
@pytest.mark.parametrize("dataset", NATIVE_DATASETS)
def test_a_line_is_a_row_or_told(site: Port, dataset: str, lines: list[Any]) -> None:
    """Accepted and rejected are all of them, and what was accepted has a row that fits."""
    body = b"\n".join(text(line) for line in lines)
    answer = site.client.post(f"/api/v1/ingest/{dataset}?sentry_key={KEY}", data=body)
    assert answer.json is not None
    assert answer.json["accepted"] + answer.json["rejected"] == len(lines)
    batch = site.batch()
    assert len(batch.rows[dataset]) <= answer.json["accepted"]
    assert not [letter for letter in batch.dead if letter.reason == "internal"]


@_QUICK
@given(body=st.binary(max_size=120) | st.text(max_size=60).map(str.encode))
def test_lines_of_anything_end(body: bytes) -> None:
    """Readers of native bodies raise refusals and nothing else."""
    for _ in statsd_lines(body):
        pass
    for content_type in ("", "application/vnd.apache.arrow.stream"):
        with contextlib.suppress(Refused):
            for _ in lines_of(body, content_type):
                pass
