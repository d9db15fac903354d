"""Names of languages without labelled data: what a build, a compiler or a version changes in them, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from ml.grouping import fingerprint

_HASH, _OTHER = "0A1B2C3D4E5F60718293A4B5C6D7E8F901234567", "FFEEDDCCBBAA00112233445566778899AABBCCDD"

ALIKE = {
    "go": [
        ("Charge.func1", "Charge.func2.1"),
        ("Map[...]", "Map[go.shape.int]"),
    ],
    "rust": [
        ("shop::charge::h0123456789abcdef", "shop::charge::hfedcba9876543210"),
        ("shop::charge::{{closure}}", "shop::charge::{closure#0}"),
        ("<shop::Cart<T> as core::Iterator>::next", "<shop::Cart<alloc::vec::Vec<u8>> as core::Iterator>::next"),
    ],
    "kotlin": [("add$default", "add"), ("add$app_debug", "add$app_release")],
    "swift": [
        ("closure #1 in Cart.load()", "closure #2 in Cart.load()"),
        ("(1) suspend resume partial function for Cart.load()", "(3) await resume partial function for Cart.load()"),
        ("specialized Cart.load()", "Cart.load()"),
    ],
    "csharp": [("<Load>g__Check|5_0", "<Load>g__Check|9_1"), ("<Load>b__0", "<Load>b__2_1")],
    "php": [("Cart::{closure:Cart::load():33}", "Cart::{closure:Cart::load():57}")],
    "ruby": [("block (2 levels) in load", "load"), ("Cart#load", "load"), ("rescue in load", "load")],
    "elixir": [
        ("anonymous fn/1 in Shop.Cart.load/2", "anonymous fn/2 in Shop.Cart.load/2"),
        ("-load/2-fun-0-/1", "-load/2-fun-3-/1"),
    ],
    "dart": [
        ("_Cart.build.<anonymous closure>", "_Cart.build.<fn>"),
        ("_Cart.build.<anonymous closure>.<anonymous closure>", "_Cart.build"),
    ],
    "javascript": [("wasm-function[1234]", "wasm-function[1301]"), ("<?>.wasm-function[7]", "wasm-function[9]")],
    "native": [
        (f"Cart_Load_m{_HASH}", f"Cart_Load_m{_OTHER}"),
        (f"List_1_get_Item_m{_HASH}_gshared", f"List_1_get_Item_m{_OTHER}_gshared_inline"),
        ("charge.part.0", "charge.constprop.1"),
        ("charge(int)::$_0::operator()() const", "charge(int)::{lambda()#2}::operator()() const"),
    ],
}
"""By platform: pairs of names of one function."""

APART = {
    "go": ("(*Service).Charge", "(*Service).Refund"),
    "rust": ("<shop::Cart<T> as core::Iterator>::next", "<shop::Order<T> as core::Iterator>::next"),
    "kotlin": ("add$app_debug", "remove$app_debug"),
    "swift": ("closure #1 in Cart.load()", "closure #1 in Cart.save()"),
    "csharp": ("<Load>g__Check|5_0", "<Save>g__Check|5_0"),
    "ruby": ("block in load", "block in save"),
    "elixir": ("-load/2-fun-0-/1", "-save/2-fun-0-/1"),
    "dart": ("_Cart.load", "_Cart.save"),
    "javascript": ("shop::cart::charge", "shop::cart::refund"),
    "native": (f"Cart_Load_m{_HASH}", f"Cart_Save_m{_HASH}"),
}


def found(platform: str, function: str, value: str = "it broke", file: str = "cart") -> int:
    """The fingerprint of an error in a function."""
    frames = [
        {"module": "vendor", "function": "run_all", "in_app": False},
        {"filename": file, "function": function, "in_app": True},
    ]
    raised: dict[str, Any] = {"type": "Error", "value": value, "stacktrace": {"frames": frames}}
    return fingerprint({"platform": platform, "exception": {"values": [raised]}}, "v2").fingerprint


@pytest.mark.parametrize(
    ("platform", "one", "other"), [(platform, *pair) for platform, pairs in ALIKE.items() for pair in pairs]
)
def test_what_a_build_changes_in_a_name_changes_no_group(platform: str, one: str, other: str) -> None:
    """Counters of closures, hashes, generic arguments, state machines, indexes."""
    assert found(platform, one) == found(platform, other)


@pytest.mark.parametrize(("platform", "one", "other"), [(platform, *pair) for platform, pair in APART.items()])
def test_other_functions_are_other_groups(platform: str, one: str, other: str) -> None:
    """What the rules take out of a name is no more than that."""
    assert found(platform, one) != found(platform, other)


def test_minified_react_is_told_apart_by_the_number_of_the_error_alone() -> None:
    """Its names change with each build, its link names what was at hand, its number is the message."""
    text = "Minified React error #{}; visit https://reactjs.org/docs/error-decoder.html?invariant={}{} for the message"
    first, again, other = (text.format(n, n, more) for n, more in ((31, ""), (31, "&args[]=object%20a"), (185, "")))
    one, two = "main.1a2b3c4d.js", "main.9f8e7d6c.js"
    assert found("javascript", "ab", first, one) == found("javascript", "xy", again, two)
    assert found("javascript", "ab", first, one) != found("javascript", "ab", other, one)
