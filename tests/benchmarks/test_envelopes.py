"""Events for the load: made by the real SDK, fresh in every value that differs in life."""

import gzip
import json
import pickle
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.envelopes import bodies, envelope

ROOT = Path(__file__).resolve().parents[2]
BUILD = """
import pickle, sys
from benchmarks.envelopes import build_templates
sys.stdout.buffer.write(pickle.dumps(build_templates(issues=6, variants=2, seed=5)))
"""


@pytest.fixture(scope="module")
def templates():
    """Made in a process of their own: the SDK patches what it finds and cannot be taken out again."""
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return pickle.loads(done.stdout)


def parse(raw: bytes):
    header, item, body, _ = raw.split(b"\n")
    return json.loads(header), json.loads(item), json.loads(body), len(body)


def test_an_event_is_an_envelope_a_server_can_read(templates):
    """Header, item length and body agree; the exception has frames with local variables."""
    event_id, raw = envelope(templates[0], random.Random(1), time.time())
    header, item, event, size = parse(raw)
    assert header["event_id"] == event["event_id"] == event_id.decode()
    assert item["length"] == size
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert len(frames) >= 8
    assert frames[-1]["vars"]["message"]
    assert len(event["breadcrumbs"]["values"]) >= 8


def test_no_mark_of_the_template_is_left_in_an_event(templates):
    """Every marked value was replaced."""
    for template in templates:
        _, raw = envelope(template, random.Random(2), time.time())
        assert b"a5e17c0de5" not in raw
        assert b"77300000" not in raw


def test_two_events_of_a_template_share_no_id_trace_or_request_key(templates):
    """Fresh values go everywhere: ids, trace, keys in headers and local variables."""
    rng = random.Random(3)
    (_, _, one, _), (_, _, two, _) = (parse(envelope(templates[0], rng, time.time())[1]) for _ in range(2))
    for path in (["event_id"], ["contexts", "trace", "trace_id"], ["request", "headers", "X-Request-Id"]):
        a, b = one, two
        for step in path:
            a, b = a[step], b[step]
        assert a != b
    frame = one["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert one["request"]["headers"]["X-Request-Id"] in json.dumps(frame["vars"])


def test_repeated_bodies_differ_in_ids_and_times_only(templates):
    """With the same values only the event id and the times are new."""
    rng = random.Random(4)
    (_, _, one, _), (_, _, two, _) = (
        parse(envelope(templates[0], rng, time.time(), same_values=True)[1]) for _ in range(2)
    )
    assert one["event_id"] != two["event_id"]
    assert one["request"] == two["request"]
    assert one["exception"] == two["exception"]
    assert one["timestamp"] != two["timestamp"]


def test_bodies_are_gzipped_and_every_one_has_its_id(templates):
    """The stream of bodies has as many different ids as bodies, each inside its body."""
    made = list(bodies(templates, 40, seed=9))
    assert len({event_id for event_id, _ in made}) == 40
    assert all(event_id in gzip.decompress(body) for event_id, body in made)
    assert templates[0].entropy_bits > 800
