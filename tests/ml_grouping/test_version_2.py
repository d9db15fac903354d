"""Grouping version 2: the cause and the few frames that tell where it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.grouping import explain, fingerprint
from ml.grouping._algorithm import Algorithm
from ml.grouping._v2 import V2

PINNED = Path(__file__).parent / "v2_pinned.json"


def frame(module: str, function: str, **more: object) -> dict[str, Any]:
    return {"module": module, "function": function, "in_app": True, **more}


def error(kind: str, frames: list[dict[str, Any]], value: str = "", **more: object) -> dict[str, Any]:
    return {"type": kind, "value": value, "stacktrace": {"frames": frames}, **more}


def event(*exceptions: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"exception": {"values": list(exceptions)}, **more}


def parts(found: dict[str, Any]) -> tuple[str, ...]:
    return fingerprint(found, "v2").parts


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return fingerprint(left, "v2").fingerprint == fingerprint(right, "v2").fingerprint


STACK = [frame("shop.web", "checkout"), frame("shop.cart", "total"), frame("shop.rules", "apply_discount")]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ([], ["shop.rules apply_discount"]),
        ([frame("shop.rules", "check_range")], ["shop.rules check_range", "shop.rules apply_discount"]),
        ([frame("shop.http", "raise_for_status")], ["shop.http raise_for_status", "shop.rules apply_discount"]),
        (
            [frame("shop.errors", "makeTooOldException")],
            ["shop.errors makeTooOldException", "shop.rules apply_discount"],
        ),
        ([frame("shop.rules", "get")], ["shop.rules get", "shop.rules apply_discount"]),
        ([frame("shop.rules", "<lambda>")], ["shop.rules <anonymous>", "shop.rules apply_discount"]),
        ([frame("shop.rules", "checkout_basket")], ["shop.rules checkout_basket"]),
    ],
)
def test_frames_are_taken_until_they_tell_the_place(inner: list[dict[str, Any]], expected: list[str]) -> None:
    """A guard, a name that many have or none at all tells little: the frame that called it counts as well."""
    found = parts(event(error("ValueError", [*STACK, *inner])))
    assert [part.removeprefix("frame ") for part in found[1:]] == expected


def test_an_assertion_takes_two_telling_frames() -> None:
    """Helpers of tests raise for many causes."""
    assert len(parts(event(error("AssertionFailedError", STACK)))) == 3


def test_the_root_cause_counts_whatever_wraps_it() -> None:
    """Frameworks wrap as they please."""
    cause = error("TimeoutError", STACK)
    wrapped = event(cause, error("PaymentFailed", STACK[:1]), error("ServletException", []))
    assert same(event(cause), wrapped)
    assert not same(wrapped, event(error("ConnectionError", STACK), error("PaymentFailed", STACK[:1])))


def test_what_was_raised_while_another_error_was_handled_counts_besides() -> None:
    """Python's `__context__`: the second error has a cause of its own."""
    first = error("KeyError", STACK, mechanism={"type": "chained", "source": "__context__"})
    later = error("AttributeError", STACK[:2])
    assert parts(event(first, later)) == (*parts(event(first)), *parts(event(later)))


def test_a_cause_in_a_library_is_placed_by_the_first_frames_of_the_project() -> None:
    """.NET's inner exceptions have only the frames up to where they were caught."""
    inner = error("SocketException", [{"module": "System.Net.Sockets", "function": "Connect", "in_app": False}])
    assert parts(event(inner, error("HttpRequestException", STACK))) == (
        "type SocketException",
        "frame shop.rules apply_discount",
    )


@pytest.mark.parametrize("depth", [25, 60, 98])
def test_a_runaway_recursion_is_known_by_its_cycle(depth: int) -> None:
    """Its innermost frame is chance."""
    cycle = [frame("tree", "walk_left"), frame("tree", "walk_right")]
    ends = ([], [frame("tree", "walk_left")], [frame("tree", "length_of_name")])
    events = [event(error("RecursionError", [*STACK, *(cycle * depth), *end])) for end in ends]
    assert len({fingerprint(one, "v2").fingerprint for one in events}) == 1
    assert parts(events[0])[1:] == ("frame tree walk_left", "frame tree walk_right")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("com.shop.Main", "lambda$pay$3"), ("com.shop.Main", "lambda$pay$17")),
        (("com.shop.Main", "lambda$pay$3"), ("com.shop.Main", "pay")),
        (
            ("com.shop.Order$$EnhancerBySpringCGLIB$$1a2b", "pay"),
            ("com.shop.Order$$EnhancerBySpringCGLIB$$9f8e", "pay"),
        ),
        (("com.shop.CartKt$total$1", "invokeSuspend"), ("com.shop.CartKt$total$2", "invokeSuspend")),
        (("Shop.Cart+<Pay>d__12", "MoveNext"), ("Shop.Cart+<Pay>d__13", "MoveNext")),
        (("Shop.Cart+<>c__DisplayClass3_0", "<Pay>b__1"), ("Shop.Cart+<>c__DisplayClass4_0", "<Pay>b__2")),
        (("main", "serveOrders.func1"), ("main", "serveOrders.func2.1")),
        (("m", "shop::pay::{{closure}}::h0123456789abcdef"), ("m", "shop::pay::{closure#1}")),
        (("m", "closure #1 in Cart.pay(card:)"), ("m", "closure #3 in Cart.pay(card:)")),
        (("m", "shop::(anonymous namespace)::pay(int)"), ("m", "shop::pay(long)")),
        (("m", "pay_all.part.35"), ("m", "pay_all.constprop.0")),
        (("m", "_CartState.build.<anonymous closure>"), ("m", "_CartState.build.<fn>")),
        (("m", "block (2 levels) in charge"), ("m", "charge")),
        (("m", "async*renderCart/<"), ("m", "renderCart")),
        (("m", "Object.renderCart"), ("m", "renderCart")),
        (("m", "{closure}"), ("m", "{closure:/srv/a.php:17}")),
        (("m", "anonymous function at 0x7f12"), ("m", "anonymous function at 0x8a99")),
        (("m", "-[CartView pay:]_block_invoke_2"), ("m", "-[CartView pay:]_block_invoke")),
    ],
)
def test_counters_hashes_and_generated_names_do_not_matter(first: tuple[str, str], second: tuple[str, str]) -> None:
    """A lambda has the name of the function it stands in."""
    left, right = (event(error("E", [frame("shop.web", "checkout"), frame(*one)])) for one in (first, second))
    assert same(left, right)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://a.example/static/main.3fa2b1.js?v=1", "http://cdn.example:8080/main.99ab12.chunk.js"),
        ("/assets/index-DfR3k9aZ.js", "/assets/index-Xq81LmPo.js"),
        ("C:\\build\\17\\cart.cs", "/srv/app/cart.cs"),
        ("/usr/lib/python3.11/site-packages/shop/cart.py", "shop/cart.py"),
    ],
)
def test_hosts_folders_and_build_hashes_do_not_matter(first: str, second: str) -> None:
    """Neither do the separators of a system."""
    left, right = ([{"filename": name, "function": "payCard", "in_app": True}] for name in (first, second))
    assert same(event(error("E", left)), event(error("E", right)))


@pytest.mark.parametrize(
    "extra",
    [
        {"module": "asyncio.events", "function": "_run", "in_app": True},
        {"module": "org.springframework.web.filter.OncePerRequestFilter", "function": "doFilter"},
        {"filename": "/app/node_modules/express/lib/router/layer.js", "function": "Layer.handle"},
        {"module": "shop.middleware.timing", "function": "__call__", "in_app": True},
        {"module": "shop.orders", "function": "retry.<locals>.wrapper", "in_app": True},
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_frames_that_only_carry_the_call_do_not_matter(extra: dict[str, Any], place: int) -> None:
    """Wherever a server, a pool or a decorator puts them around the frames that tell."""
    guarded = [*STACK, frame("shop.rules", "check_range")]
    assert same(event(error("E", guarded)), event(error("E", [*guarded[:place], extra, *guarded[place:]])))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("paid 1.234,56 to ann@example.com", "paid 7 to bob@example.org"),
        ("total 1 234 567,89", "total 12"),
        ("pod checkout-6d8f7c9b54-x2x4z restarted", "pod checkout-7b9d5f4c68-qq8kz restarted"),
        ("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9x", "token ZXlKaGJHY2lPaUpJVXpJMU5pSXNJbg00000000"),
        ("read C:\\temp\\1.db", "read /var/lib/2.db"),
    ],
)
def test_values_in_messages_do_not_matter(first: str, second: str) -> None:
    """Numbers of any country, hosts, tokens and paths are placeholders."""
    assert same({"message": first}, {"message": second})


def test_a_property_name_in_a_message_of_javascript_stays() -> None:
    """It is code, not a value, and where bundles hide all names it is what tells errors apart."""
    first, second = (
        {"message": f"Cannot read properties of undefined (reading '{name}')"} for name in ("price", "stock")
    )
    assert not same(first, second)


def test_a_crash_report_without_frames_is_read() -> None:
    """Type and nearest functions of the report stand for it, addresses and processes do not."""
    report = (
        "=================================================================\n"
        "=={pid}==ERROR: AddressSanitizer: heap-use-after-free on address 0x6120{pid} at pc 0x{pid}\n"
        "READ of size 8 at 0x6120 thread T0\n"
        "    #0 0x{pid} in __interceptor_memcpy /llvm/asan.cc:1\n"
        "    #1 0x{pid} in shop::Cart::total(int) /src/cart.cc:{pid}:3\n"
        "    #2 0x{pid} in main /src/main.cc:1\n"
    )
    first, second = ({"message": report.replace("{pid}", pid)} for pid in ("4711", "815"))
    assert fingerprint(first, "v2").source == "report"
    assert parts(first) == ("crash Heap-use-after-free READ 8", "at shop::Cart::total")
    assert same(first, second)


def test_addresses_without_names_say_nothing() -> None:
    """And neither does what carries them."""
    bare = event(error("SIGSEGV", [{"instruction_addr": "0x1"}], "boom"))
    carried = event(error("SIGSEGV", [{"function": "start_thread"}, {"instruction_addr": "0x1"}], "boom"))
    assert same(bare, carried)


def test_answers_are_the_same_in_every_release() -> None:
    """Pinned values: stored events carry them. A change of any is a new version, not an edit here."""
    events = [
        event(error("KeyError", STACK)),
        event(error("E", [frame("m", "get")])),
        {"message": "Order 7 failed"},
        {},
    ]
    assert [fingerprint(one, "v2").fingerprint for one in events] == json.loads(PINNED.read_text())


NAMES = st.sampled_from(["get", "check_all", "<lambda>", "walk", "run", "pay_all", "", "wrapper", "__call__", "x"])
FRAMES = st.lists(
    st.fixed_dictionaries(
        {
            "module": st.sampled_from(["shop.a", "shop.b", "asyncio.events", "shop.middleware.x", ""]),
            "function": NAMES,
            "in_app": st.booleans(),
            "group": st.sampled_from([None, None, None, True, False]),
        }
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(FRAMES, st.integers(1, 30), st.sampled_from(["E", "AssertionError"]))
def test_the_explanation_says_what_was_hashed(frames: list[dict[str, Any]], times: int, kind: str) -> None:
    """The quick way that ingest takes and the full account of frames never differ."""
    found = event(error(kind, frames * times))
    told = explain(found, "v2")
    assert told.grouping == fingerprint(found, "v2")
    hashed = [part.removeprefix("frame ") for part in told.grouping.parts if part.startswith("frame ")]
    assert sorted(set(hashed)) == sorted(reason.key for reason in told.frames if reason.counts)
    assert {reason.why for reason in told.frames if reason.counts} <= {"counts"}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([*"abcdefhxXnOM0123_.", "func", "Object", "lambda", "Proxy", "init", "part"]), max_size=12)
)
def test_the_rewrites_change_no_name_that_skips_them(pieces: list[str]) -> None:
    """The shortcut past the rewrites is only that: a shortcut."""
    name = "".join(pieces)
    if not re.search(V2.rewritable_name, name):
        for pattern, replacement in V2.function_rewrites:
            assert re.sub(pattern, replacement, name) == name


_MEMBERS = st.one_of(
    st.none(), st.booleans(), st.sampled_from([0, 1, 1.0]), st.text("ab./$", max_size=6), st.just(["a"]), st.just({})
)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["module", "function", "raw_function", "filename", "abs_path", "package", "in_app"]),
            _MEMBERS,
        ),
        max_size=5,
    )
)
def test_what_was_seen_before_does_not_change_the_answer(frames: list[dict[str, Any]]) -> None:
    """Frames are remembered as they were sent: `true`, 1 and 1.0 stay apart, and odd members are read each time."""
    found = event(error("KeyError", frames))
    assert Algorithm(V2).group(found) == fingerprint(found, "v2") == fingerprint(found, "v2")
