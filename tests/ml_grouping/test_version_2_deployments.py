"""Grouping version 2 over deployments: the same error of other places, regions and depths."""

from __future__ import annotations

from typing import Any

import pytest

from ml.grouping import fingerprint, parameterise


def error(frames: list[dict[str, Any]], kind: str = "ValueError", **more: object) -> dict[str, Any]:
    return {"exception": {"values": [{"type": kind, "value": "x", "stacktrace": {"frames": frames}}]}, **more}


def own(module: str, function: str) -> dict[str, Any]:
    return {"module": module, "function": function, "in_app": True}


def parts(event: dict[str, Any]) -> tuple[str, ...]:
    return fingerprint(event, "v2").parts


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("ended on 3. März 2024", "ended on <date>"),
        ("ended on 3 août 2024", "ended on <date>"),
        ("ended on March 3rd, 2024", "ended on <date>"),
        ("ended on 03-12-2024", "ended on <date>"),
        ("ended on 2024年3月12日", "ended on <date>"),
        ("ended at 4:05 PM", "ended at <date>"),
        ("device 0a:1b:2c:3d:4e:5f is gone", "device <mac> is gone"),
        ("connect to 2001:db8::7:5432 failed", "connect to <ip> failed"),
        ("connect to [fe80::1%eth0]:5432 failed", "connect to <ip> failed"),
        ("needs 2.1.0-rc3", "needs <n>"),
        ("needs 2.1.0", "needs <n>"),
        ("sum \u0661\u066c\u0662\u0663\u0664\u066b\u0665", "sum <n>"),
        ("took 12B", "took <size>"),
        ("cannot resolve mail7.example.co.uk", "cannot resolve <host>"),
        ("bad token eyJhbGciOiJIUzI1NiJ9.a-b_c1.d-2_e", "bad token <n>"),
        ("std::vector is empty, may 5 be", "std::vector is empty, may <n> be"),
    ],
)
def test_notations_of_other_regions_and_machines_are_one_placeholder(message: str, expected: str) -> None:
    """The same message of a French, an Indian and a Japanese server is one."""
    assert parameterise(message, "v2") == expected


@pytest.mark.parametrize("depth", [1, 3, 60])
def test_depth_of_a_recursion_tells_nothing_about_an_error_raised_within(depth: int) -> None:
    """Only a stack that overflowed is known by its cycle; any other error by where it was raised."""
    walk = [own("tree", "visit_branch"), own("tree", "visit_leaves")]
    event = error([own("shop", "checkout"), *walk * depth, own("tree", "read_price")])
    assert parts(event) == ("type ValueError", "frame tree read_price")


def test_names_that_were_taken_out_are_no_names() -> None:
    """`<stripped>` in a hundred programs is not one function."""
    frames = [{"function": name, "in_app": True} for name in ("<stripped>", "<redacted>")]
    library = {"module": "java.lang.Runtime", "function": "loadLibrary", "in_app": False}
    assert parts(error([*frames, library])) == ("type ValueError", "frame java.lang.Runtime loadLibrary")


@pytest.mark.parametrize(
    "end",
    [
        ["abort", "__abort", "pthread_kill", "__pthread_kill"],
        ["__cxa_throw", "std::terminate", "raise"],
        ["RaiseException"],
    ],
)
def test_the_end_of_a_process_is_not_its_cause(end: list[str]) -> None:
    """Every abort has the same innermost frames; the first frame that is not of it tells where."""
    frames = [{"function": name, "package": "/usr/lib/x.dylib"} for name in ("main", "release_surface", *end)]
    assert parts(error(frames, "SIGABRT")) == ("type SIGABRT", "frame release_surface")


def test_an_abort_after_deep_calls_is_no_overflow() -> None:
    """A cycle stands for an error only where the stack ends in it."""
    end = ["read_price", *[f"report_{letter}" for letter in "abcdefgh"], "abort"]
    shallow, deep = (
        error([{"function": name} for name in ("main", *["destroy_node"] * depth, *end)], "SIGABRT")
        for depth in (2, 60)
    )
    assert parts(shallow) == parts(deep)


@pytest.mark.parametrize(
    "carrier",
    [
        {"function": "<asynchronous suspension>"},
        {"function": "new Promise", "filename": "<anonymous>"},
        {"function": "<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once"},
        {"function": "fulfilled", "filename": "tslib.js", "abs_path": "/srv/node_modules/tslib/tslib.js"},
    ],
)
def test_what_carries_a_call_never_counts_even_when_marked_as_the_projects(carrier: dict[str, Any]) -> None:
    """Clients that know no libraries mark everything `in_app`."""
    library = {"module": "socket", "function": "connect_now", "in_app": False}
    assert parts(error([{**carrier, "in_app": True}, library])) == parts(error([library]))
