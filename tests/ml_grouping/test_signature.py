"""Signatures of crash reports: every kind of report comes down to its type and the functions nearest to the crash."""

# ruff: noqa: E501, ISC004 - reports as they are printed
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.signature import looks_like_report, signature
from ml.signature._frames import demangled, plain_name

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ml" / "clusterfuzz-stacks"
FRAMES = "    #0 0x1 in {noise} /llvm/x.cc:1:2\n    #1 0x2 in shop::Cart::total(int, char) /src/cart.cc:9:3\n    #2 0x3 in main\n"
ASAN = "==7==ERROR: AddressSanitizer: {what} on {unknown}address {address} (pc 0x1 bp 0x2 sp 0x3 T0)\n"


@pytest.mark.parametrize(
    ("report", "kind", "state"),
    [
        (ASAN.format(what="heap-use-after-free", unknown="", address="0x6120") + "WRITE of size 4 at 0x6120\n"
         + FRAMES.format(noise="operator delete(void*)"), "Heap-use-after-free\nWRITE 4", ["shop::Cart::total"]),
        (ASAN.format(what="SEGV", unknown="unknown ", address="0x000000000010")
         + "==7==The signal is caused by a READ memory access.\n" + FRAMES.format(noise="__asan_memcpy"),
         "Null-dereference READ", ["shop::Cart::total"]),
        (ASAN.format(what="SEGV", unknown="unknown ", address="0x7f0000000010") + FRAMES.format(noise="abort"),
         "UNKNOWN", ["shop::Cart::total"]),
        ("[1:2:0101/1:FATAL:cart.cc(51)] Check failed: a <= b (7 vs. 3)\n"
         + ASAN.format(what="ABRT", unknown="unknown ", address="0x1") + FRAMES.format(noise="logging::LogMessage::~LogMessage()"),
         "CHECK failure", ["a <= b in cart.cc", "shop::Cart::total"]),
        ("cart.c:9: int total(int): Assertion `n > 0' failed.\n" + FRAMES.format(noise="__assert_fail"),
         "ASSERT", ["n > 0", "shop::Cart::total"]),
        ("/src/a.cc:3:1: runtime error: signed integer overflow: 1 + 2\n" + FRAMES.format(noise="fuzzer::Run()"),
         "Integer-overflow", ["shop::Cart::total"]),
        ("==1==WARNING: MemorySanitizer: use-of-uninitialized-value\n" + FRAMES.format(noise="strlen"),
         "Use-of-uninitialized-value", ["shop::Cart::total"]),
        ("panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\n"
         "panic(0xc30720, 0x144ca60)\n\t/go/src/runtime/panic.go:502 +0x229\n"
         "github.com/acme/shop/cart.(*Cart).Total(0xc000)\n\t/srv/cart.go:9 +0x1d\n",
         "Index out of range", ["cart.(*Cart).Total"]),
        ("thread 'main' panicked at 'no price', src/cart.rs:9:5\n"
         "    #0 0x1 in std::panicking::begin_panic::h0123456789abcdef /rustc/1/x.rs:1\n    #1 0x2 in shop::cart::total /srv/cart.rs:9\n",
         "ASSERT", ["no price", "shop::cart::total"]),
        ("BUG: KASAN: slab-out-of-bounds in hid_probe+0x1/0x2\nWrite of size 4 by task x\nCall Trace:\n"
         " [<ffff>] dump_stack+0x1/0x2 lib/x.c:1\n [<ffff>] hid_probe+0x10/0x20 drivers/hid.c:5\n",
         "Kernel failure\nSlab-out-of-bounds\nWRITE 4", ["hid_probe"]),
        ('Traceback (most recent call last):\n  File "/srv/a.py", line 3, in handle\n    x()\n'
         '  File "/srv/b.py", line 5, in total\n    y\n', "Uncaught exception", ["total", "handle"]),
        ("== Java Exception: java.lang.IllegalStateException: x\n\tat com.shop.Cart.total(Cart.java:9)\n"
         "\tat java.lang.reflect.Method.invoke(Method.java:1)\n", "Uncaught exception", ["com.shop.Cart.total"]),
        ("#\n# Fatal error in ../../src/objects.h, line 30\n# Check failed: !is_null().\n#\n",
         "CHECK failure", ["!is_null() in objects.h"]),
        ("Program received signal SIGTRAP, Trace/breakpoint trap.\n#0  0x0ac8 in memcpy ()\n"
         "#1  0xcdc0 in load_image (size=3) at boot.c:3\n", "SIGTRAP", ["load_image"]),
    ],
)  # fmt: skip
def test_a_report_comes_down_to_type_and_state(report: str, kind: str, state: list[str]) -> None:
    """Frames of allocators, sanitizers, loggers and starts of programs tell nothing and are left out."""
    found = signature(f"some log line before it\n{report}some line after it\n")
    assert found.type == kind
    assert found.state == "".join(f"{line}\n" for line in state)
    assert looks_like_report(report)


def test_a_log_that_reports_nothing_has_no_signature() -> None:
    """And most messages are not even looked at."""
    assert signature("INFO ok\nINFO still ok\n").kind == ""
    assert not looks_like_report("Order 7 failed\nbecause of its price")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("shop::Cart<int, std::map<a, b> >::total(int) const", "shop::Cart<int, std::map<a, b> >::total"),
        ("shop::(anonymous namespace)::total(void (*)(int))", "shop::total"),
        ("Test::Ex::operator()(List*)", "Test::Ex::operator()"),
        ("GetHandleVerifier+0x15a", "GetHandleVerifier"),
        ("json.(*decodeState).value", "json.(*decodeState).value"),
    ],
)
def test_native_names_lose_their_parameters(written: str, plain: str) -> None:
    """Template arguments stay: they tell functions apart."""
    assert plain_name(written) == plain


def test_nested_names_are_demangled() -> None:
    """Constructors and destructors have the name of their class."""
    assert demangled("_ZN2ui10FlingCurveC2ERKN3gfx9Vector2dF") == "ui::FlingCurve::FlingCurve"
    assert demangled("_ZNK4shop4Cart5totalEv") == "shop::Cart::total"
    assert demangled("memcpy") == "memcpy"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "#0 ",
                "0x1 in ",
                "f(",
                ")",
                "<",
                " ",
                "\n",
                "ERROR: AddressSanitizer: ",
                "panic: ",
                "::",
                "/a.cc:1",
                "+0x1",
                "[",
                "operator()",
            ]
        ),
        max_size=40,
    )
)
def test_no_text_breaks_the_parser(pieces: list[str]) -> None:
    """A crash may cut a report anywhere."""
    found = signature("".join(pieces))
    assert len(found.state.splitlines()) <= 4


def test_a_long_line_takes_little_time() -> None:
    """Nested repetition in a pattern would hang here."""
    for unit in ("a/", "f(", "x:", "#0 0x1 in a ", "A.b", "<", ": Assertion `", "at "):
        signature(f"panic: x\n{unit * 3000}\n" * 2)


def test_the_public_reports_are_told_apart() -> None:
    """A sample of real reports: hardly two of different groups share a signature."""
    if not DATA.exists():
        pytest.skip(f"needs the crash reports at {DATA}")
    cases = [case for case in json.loads((DATA / "expected.json").read_text()) if case["expected_state"]][::8]
    texts = [(DATA / "stack_analyzer_data" / case["file"]).read_text(errors="replace") for case in cases]
    found = [(signature(text).type, signature(text).state) for text in texts]
    truth = [(case["expected_type"], case["expected_state"]) for case in cases]
    assert len(set(found)) >= 0.9 * len(set(truth))
    assert sum(f[0] == t[0] for f, t in zip(found, truth, strict=True)) >= 0.7 * len(cases)


def test_frames_of_a_thread_sanitizer_have_no_address() -> None:
    """They are `#0 name place (module+offset)`."""
    found = signature(
        "WARNING: ThreadSanitizer: data race (pid=71)\n"
        "  Write of size 8 at 0x7b0c00000020 by thread T2:\n"
        "    #0 Counter::inc(long) /src/p/counter.cc:12:3 (bin+0x4a1f02)\n"
        "    #1 worker /src/p/work.cc:7:3 (bin+0x4a1f77) (BuildId: 0123456789abcdef)\n"
    )
    assert found.state == "Counter::inc\nworker\n"
