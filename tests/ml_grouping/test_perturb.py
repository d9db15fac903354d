"""The generator of other deployments, and that grouping does not see what it changes."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from ml.evaluate.tasks.invariance import merges
from ml.grouping import fingerprint
from ml.perturb import KINDS, labelled_events, perturbed_event, real_events
from ml.perturb._sources import as_lines

STACKS: dict[str, list[dict[str, Any]]] = {
    "python": [
        {"module": "shop.cart", "filename": "shop/cart.py", "abs_path": "/srv/a/b/shop/cart.py", "function": "total"}
    ],
    "java": [{"module": "com.shop.Cart$3", "filename": "Cart.java", "function": "lambda$total$3"}],
    "kotlin": [{"module": "com.shop.CartKt$total$1", "filename": "Cart.kt", "function": "invokeSuspend"}],
    "javascript": [{"filename": "https://shop.example/static/main.3fa2b1c4.js", "function": "renderCart", "colno": 9}],
    "node": [{"filename": "/srv/app/src/cart.js", "function": "Object.renderCart"}],
    "go": [{"module": "github.com/acme/shop", "filename": "cart.go", "function": "(*Cart).Total.func1"}],
    "ruby": [
        {"filename": "app/models/cart.rb", "abs_path": "/srv/a/b/app/models/cart.rb", "function": "block in total"}
    ],
    "csharp": [{"module": "Shop.Cart+<Total>d__12", "function": "MoveNext"}],
    "php": [{"filename": "/var/www/app/Cart.php", "function": "App\\Cart::total"}],
    "rust": [{"function": "shop::cart::total::{closure#0}::h0123456789abcdef"}],
    "native": [{"function": "shop::Cart::total(int)", "package": "/usr/bin/shop", "instruction_addr": "0x1234"}],
    "swift": [{"function": "closure #1 in Cart.total()", "package": "Shop"}],
    "dart": [{"filename": "package:shop/cart.dart", "function": "Cart.total.<anonymous closure>"}],
}


def event_of(platform: str) -> dict[str, Any]:
    frames = [{**frame, "lineno": 7, "in_app": True} for frame in STACKS[platform]]
    value = "order 17 of ann@example.com from 10.0.0.1 at 2026-01-02 failed after 1.5 s"
    return {
        "platform": platform,
        "event_id": "0" * 32,
        "exception": {"values": [{"type": "E", "value": value, "stacktrace": {"frames": frames}}]},
    }


@pytest.mark.parametrize("platform", STACKS)
def test_another_deployment_keeps_the_group_on_every_platform(platform: str) -> None:
    """Under forty seeds; and something is changed each time."""
    event = event_of(platform)
    kept = copy.deepcopy(event)
    group = fingerprint(event, "v2").fingerprint
    for seed in range(40):
        changed = perturbed_event(event, random.Random(seed))
        assert changed != event
        assert fingerprint(changed, "v2").fingerprint == group, changed
    assert event == kept, "the event itself stays as it is"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "context"])
def test_every_kind_of_change_changes_something(kind: str) -> None:
    """On a platform that has it; equal seeds change it equally."""
    changes = []
    for platform in STACKS:
        event = event_of(platform)
        one, two = copy.deepcopy(event), copy.deepcopy(event)
        KINDS[kind](one, random.Random(3))
        KINDS[kind](two, random.Random(3))
        assert one == two
        changes.append(one != event)
    assert any(changes)


def test_sample_events_beside_the_data_are_found(tmp_path: Path) -> None:
    """JSON files and envelopes; transactions are no errors."""
    samples = tmp_path / "event_samples" / "x"
    samples.mkdir(parents=True)
    (samples / "one.json").write_text(json.dumps({"exception": {"values": [{"type": "E"}]}}))
    (samples / "two.json").write_text(json.dumps({"type": "transaction", "exception": []}))
    (samples / "three.bin").write_text(
        '{"dsn": ""}\n{"type": "event"}\n' + json.dumps({"logentry": {"message": "x 1"}})
    )
    (tmp_path / "ml").mkdir()
    assert [event for _, event in real_events(tmp_path / "ml")] == [
        {"exception": {"values": [{"type": "E"}]}},
        {"logentry": {"message": "x 1"}},
    ]
    assert list(as_lines(tmp_path / "ml", 3)) == list(as_lines(tmp_path / "ml", 3))
    assert list(as_lines(tmp_path / "ml", 3)) != list(as_lines(tmp_path / "ml", 4))


def test_false_merges_count_pairs_of_different_bugs_of_a_project() -> None:
    """Two bugs of one project with one group are merged; projects share nothing."""
    bugs = [("p", "a"), ("p", "b"), ("p", "c"), ("q", "d")]
    parts = merges(bugs, [1, 1, 2, 1], [1, 1, 2, 1])
    assert parts.sum(axis=0).tolist() == [2.0, 6.0]


def test_labelled_lines_are_read_whatever_ends_lines_of_text(tmp_path: Path) -> None:
    """With a byte order mark, other ends of lines, empty lines, and messages of several lines."""
    row = {"project": "P", "bug": "P-1", "exception": "E", "message": "a\u2028b\x85c", "frames": []}
    lines = [json.dumps(row, ensure_ascii=False), "", json.dumps(row)]
    folder = tmp_path / "defects4j-errors"
    folder.mkdir()
    (folder / "odd.jsonl").write_bytes(("\ufeff" + "\r\n".join(lines) + "\r\n\r\n").encode())
    values = [one.event["exception"]["values"][0]["value"] for one in labelled_events(tmp_path)]
    assert values == ["a\u2028b\x85c"] * 2
