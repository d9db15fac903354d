"""Which events fall into one group, and which stay apart."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import StateError
from ml.grouping import VERSIONS, Grouping, UnknownGroupingVersion, fingerprint, parameterise
from ml.grouping._v1 import V1

ROOT = Path(__file__).resolve().parents[2]


def frame(module: str, function: str, **more: object) -> dict[str, object]:
    return {"module": module, "function": function, "in_app": True, **more}


def error(kind: str, frames: list[dict[str, object]], value: str = "", **more: object) -> dict[str, object]:
    return {"type": kind, "value": value, "stacktrace": {"frames": frames}, **more}


def event(*exceptions: dict[str, object], **more: object) -> dict[str, object]:
    return {"exception": {"values": list(exceptions)}, **more}


CHECKOUT = [frame("shop.views", "checkout"), frame("shop.cart", "total"), frame("shop.rules", "discount")]


def same(left: dict[str, object], right: dict[str, object]) -> bool:
    return fingerprint(left).fingerprint == fingerprint(right).fingerprint


class TestExceptions:
    def test_the_parts_name_type_and_in_app_frames_innermost_first(self) -> None:
        found = fingerprint(event(error("ZeroDivisionError", CHECKOUT, "division by zero")))
        assert found.source == "exception"
        assert found.parts == (
            "type ZeroDivisionError",
            "frame shop.rules discount",
            "frame shop.cart total",
            "frame shop.views checkout",
        )

    def test_line_numbers_values_and_source_text_do_not_matter(self) -> None:
        moved = [{**entry, "lineno": 7, "colno": 3, "context_line": "x = 1", "vars": {"a": 1}} for entry in CHECKOUT]
        assert same(event(error("KeyError", CHECKOUT, "'EUR'")), event(error("KeyError", moved, "'USD'")))

    def test_the_type_and_each_in_app_frame_matter(self) -> None:
        base = event(error("KeyError", CHECKOUT))
        assert not same(base, event(error("ValueError", CHECKOUT)))
        assert not same(base, event(error("KeyError", CHECKOUT[:2])))
        assert not same(base, event(error("KeyError", [*CHECKOUT[:2], frame("shop.rules", "tax")])))

    def test_library_frames_do_not_matter_when_there_is_an_in_app_frame(self) -> None:
        library = {"module": "flask.views", "function": "dispatch", "in_app": False}
        assert same(event(error("KeyError", CHECKOUT)), event(error("KeyError", [library, *CHECKOUT, library])))

    def test_all_frames_count_when_none_is_in_app_except_plumbing(self) -> None:
        library = [{"module": "pandas.core.frame", "function": "merge"}, {"module": "numpy.lib", "function": "unique"}]
        plumbing = [{"module": "asyncio.events", "function": "_run"}, {"module": "threading", "function": "run"}]
        found = fingerprint(event(error("KeyError", [*plumbing, *library])))
        assert found.parts[1:] == ("frame numpy.lib unique", "frame pandas.core.frame merge")
        assert fingerprint(event(error("KeyError", plumbing))).parts[1:] == (
            "frame threading run",
            "frame asyncio.events _run",
        )

    @pytest.mark.parametrize(
        "extra",
        [
            frame("shop.middleware.auth", "__call__"),
            frame("shop.http.TimingMiddleware", "process"),
            frame("shop.auth", "require_login.<locals>.wrapper"),
            frame("com.shop.Order$$EnhancerBySpringCGLIB$$1a2b3c", "pay"),
            frame("asyncio.tasks", "__step"),
            {"filename": "src/middleware/log.js", "function": "next", "in_app": True},
        ],
    )
    def test_middleware_and_wrappers_of_the_projects_own_do_not_matter_around_other_frames(
        self, extra: dict[str, object]
    ) -> None:
        base = event(error("KeyError", CHECKOUT))
        assert same(base, event(error("KeyError", [CHECKOUT[0], extra, *CHECKOUT[1:]])))
        assert same(base, event(error("KeyError", [extra, *CHECKOUT])))
        assert not same(base, event(error("KeyError", [*CHECKOUT, extra]))), "an error in it is its own"

    @pytest.mark.parametrize("depth", [2, 3, 50])
    def test_recursion_is_folded_whatever_its_depth_and_cycle(self, depth: int) -> None:
        cycle = [frame("tree", "walk"), frame("tree", "visit")]
        once = event(error("RecursionError", [CHECKOUT[0], *cycle]))
        assert same(once, event(error("RecursionError", [CHECKOUT[0], *(cycle * depth)])))

    def test_far_outer_frames_do_not_matter(self) -> None:
        inner = [frame("shop.rules", f"step_{name}") for name in "abcde"]
        assert same(event(error("KeyError", inner)), event(error("KeyError", [CHECKOUT[0], *inner])))

    def test_the_whole_chain_counts(self) -> None:
        cause = error("TimeoutError", [frame("shop.pay", "post")])
        assert not same(
            event(cause, error("PaymentFailed", CHECKOUT)),
            event(error("ConnectionError", [frame("shop.pay", "post")]), error("PaymentFailed", CHECKOUT)),
        )

    def test_without_any_stack_the_masked_value_counts(self) -> None:
        first = event({"type": "KeyError", "value": "order 17 of ann@example.com"})
        assert same(first, event({"type": "KeyError", "value": "order 9001 of bob@example.org"}))
        assert not same(first, event({"type": "KeyError", "value": "basket 17 of ann@example.com"}))

    def test_an_exception_without_stack_takes_the_crashed_threads_frames(self) -> None:
        thread = {"crashed": True, "stacktrace": {"frames": CHECKOUT}}
        threads = {"values": [{"id": 1, "stacktrace": {"frames": CHECKOUT[:1]}}, thread]}
        found = fingerprint({"exception": {"values": [{"type": "SIGSEGV", "value": "0xdead"}]}, "threads": threads})
        assert found.parts[:2] == ("type SIGSEGV", "frame shop.rules discount")

    def test_a_synthetic_exceptions_type_does_not_matter_when_it_has_frames(self) -> None:
        first, second = error("SIGABRT", CHECKOUT), error("SIGTRAP", CHECKOUT)
        first["mechanism"] = second["mechanism"] = {"type": "signal", "synthetic": True}
        assert same(event(first), event(second))

    def test_members_of_an_exception_group_count_as_a_set(self) -> None:
        group = {"type": "ExceptionGroup", "mechanism": {"is_exception_group": True, "exception_id": 0}}
        one, two = error("KeyError", CHECKOUT), error("ValueError", CHECKOUT[:2])
        assert same(event(one, two, group), event(two, one, one, group))
        assert same(event(one, group), event(one))
        assert not same(event(one, two, group), event(one, group))


class TestNames:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("lambda$main$0", "lambda$main$12"),
            ("Main$$Lambda$14/0x0000800100", "Main$$Lambda$3/0x00000007f"),
            ("com.x.Order$$EnhancerBySpringCGLIB$$3f2a1b.pay", "com.x.Order$$EnhancerBySpringCGLIB$$99aa00.pay"),
            ("TestResult$1.run", "TestResult$2.run"),
            ("main.serve.func1", "main.serve.func2.1"),
            ("shop::pay::h0123456789abcdef", "shop::pay::hfedcba9876543210"),
            ("<Pay>b__0_1", "<Pay>b__4_0"),
            ("closure #1 in pay", "closure #3 in pay"),
            ("block (2 levels) in pay", "block in pay"),
            ("async pay", "pay"),
            ("pay [as charge]", "pay"),
            ("pay(int, char)", "pay(long)"),
        ],
    )
    def test_counters_hashes_and_addresses_of_generated_names_do_not_matter(self, first: str, second: str) -> None:
        left, right = ([{"module": "m", "function": name, "in_app": True}] for name in (first, second))
        assert same(event(error("E", left)), event(error("E", right)))

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("https://a.example/static/app.3f9a2c1b.js?v=1", "http://cdn.example:8080/app.99887766.js"),
            ("/srv/releases/20260101/shop/cart.py", "/home/ann/shop/cart.py"),
            ("C:\\build\\17\\cart.cs", "D:\\agent\\cart.cs"),
            ("/assets/index-DfR3k9aZ.js", "/assets/index-Xq81LmPo.js"),
            ("jquery-3.6.0.min.js", "jquery-3.7.1.min.js"),
            ("https://a.example/page.js", "https://b.example:8443/page.js"),
            ("webpack:///./src/Cart.jsx:12:4", "webpack:///src/Cart.jsx"),
        ],
    )
    def test_hosts_folders_versions_and_build_hashes_of_files_do_not_matter(self, first: str, second: str) -> None:
        left, right = ([{"filename": name, "function": "pay", "in_app": True}] for name in (first, second))
        assert same(event(error("E", left)), event(error("E", right)))

    def test_a_vague_file_name_is_told_apart_by_its_folder(self) -> None:
        left, right = (
            [{"filename": f"src/{folder}/index.js", "function": "render", "in_app": True}] for folder in ("cart", "pay")
        )
        assert not same(event(error("E", left)), event(error("E", right)))

    def test_an_anonymous_function_is_told_apart_by_its_source_line(self) -> None:
        left, right = (
            [{"filename": "cart.js", "function": "<anonymous>", "context_line": line, "in_app": True}]
            for line in ("  total += item.price", "  cart.items.pop()")
        )
        assert not same(event(error("E", left)), event(error("E", right)))

    def test_where_all_frames_are_anonymous_the_value_counts_too(self) -> None:
        minified = [{"filename": "app.js", "function": "?", "context_line": "x" * 500, "in_app": True}]
        assert not same(event(error("Error", minified, "no price")), event(error("Error", minified, "no stock")))
        assert same(event(error("Error", minified, "no price 1")), event(error("Error", minified, "no price 2")))

    @settings(max_examples=500)
    @given(st.lists(st.sampled_from([*"abcdefhxXnOM0123_.", "func", "Object", "lambda", "Proxy"]), max_size=14))
    def test_the_rewrites_change_no_name_that_skips_them(self, pieces: list[str]) -> None:
        """The shortcut past the rewrites is only that: a shortcut."""
        name = "".join(pieces)
        if not re.search(V1.rewritable_name, name):
            for pattern, replacement in V1.function_rewrites:
                assert re.sub(pattern, replacement, name) == name


class TestMessages:
    @pytest.mark.parametrize(
        ("message", "masked"),
        [
            ("user 17 has -3.5 left, 1.234,56 or 1,234.56", "user <n> has <n> left, <n> or <n>"),
            ("at 0xDEADBEEF of Foo@1a2b3c", "at <n> of Foo@<n>"),
            ("job 3f2a9c1e-0000-4000-8000-00805f9b34fb", "job <uuid>"),
            ("from 10.0.0.1:443 or [2001:db8::1] or ::1", "from <ip> or [<ip>] or <ip>"),
            ("open /var/lib/x/y.db: C:\\temp\\y.db", "open <path>: <path>"),
            ("in src/shop/cart.py line 3", "in <path> line <n>"),
            ("KeyError: 'EUR' and \"USD\" and `GBP`", "KeyError: <str> and <str> and <str>"),
            ("took 350 ms, 2.5s, 1h2m3s", "took <duration>, <duration>, <duration>"),
            ("read 12 MB", "read <size>"),
            ("at 2026-01-02T03:04:05.678Z and 2026-01-02 03:04:05", "at <date> and <date>"),
            ("on Fri, 02 Jan 2026 03:04:05 GMT", "on <date>"),
            ("mail ann@example.com", "mail <email>"),
            ("GET https://shop.example/a?b=1 failed", "GET <url> failed"),
            ("connect to db-3.prod.internal:5432 or localhost:80", "connect to <host> or <host>"),
            ("commit 9f8e7d6c5b4a and 12345678", "commit <n> and <n>"),
            ("can't find java.net.SocketException in text/html", "can't find java.net.SocketException in text/html"),
            ("Took %d ms for %(name)s", "Took %d ms for %(name)s"),
        ],
    )
    def test_what_changes_is_masked_and_what_stays_is_kept(self, message: str, masked: str) -> None:
        assert parameterise(message) == masked

    def test_the_template_of_a_message_with_parameters_wins(self) -> None:
        first = {
            "logentry": {"message": "Order %s by %s failed", "formatted": "Order a by b failed", "params": ["a", "b"]}
        }
        second = {
            "logentry": {"message": "Order %s by %s failed", "formatted": "Order x by y failed", "params": ["x", "y"]}
        }
        assert same(first, second)
        assert fingerprint(first) == Grouping(
            "v1", fingerprint(first).fingerprint, ("Order %s by %s failed",), "template"
        )

    def test_a_formatted_message_is_masked(self) -> None:
        assert same({"logentry": {"formatted": "Order 7 failed"}}, {"message": "Order 8 failed"})

    def test_a_long_message_takes_little_time_whatever_it_holds(self) -> None:
        """Nested repetition in a mask would hang here."""
        for unit in ("a.", "a/", '"\\', "1:", "a@", "/", "'", "a1", "1h", "a:", " '", "0-", "\u00ab"):
            assert len(parameterise(unit * 50_000)) <= V1.max_message_chars

    def test_a_stack_without_exception_groups_by_its_frames(self) -> None:
        legacy = {"message": "x 1", "stacktrace": {"frames": CHECKOUT}}
        threads = {"message": "y 2", "threads": [{"current": True, "stacktrace": {"frames": CHECKOUT}}]}
        assert fingerprint(legacy).source == "stacktrace"
        assert same(legacy, threads)

    def test_a_template_counts_beside_the_place_it_was_logged_from(self) -> None:
        """A helper that logs for everybody would otherwise make one issue of all messages."""
        first, second = (
            {"logentry": {"message": text, "params": [1]}, "stacktrace": {"frames": CHECKOUT}}
            for text in ("Order %s failed", "Stock of %s is low")
        )
        assert not same(first, second)

    def test_an_event_with_nothing_to_go_by_groups_by_what_it_is(self) -> None:
        assert fingerprint({}) == fingerprint({"event_id": "1", "timestamp": 3})
        assert fingerprint({"transaction": "/a"}) != fingerprint({"transaction": "/b"})
        assert fingerprint({}).source == "fallback"


class TestClientFingerprints:
    def test_a_client_fingerprint_replaces_the_default(self) -> None:
        found = fingerprint({**event(error("A", CHECKOUT)), "fingerprint": ["database-down", 7]})
        assert found.source == "client"
        assert found.parts == ("database-down", "7")
        assert same({"fingerprint": ["x"], "message": "a"}, {"fingerprint": ["x"], "message": "b"})

    @pytest.mark.parametrize("entry", ["{{ default }}", "{{default}}", "{{  default  }}", " {{ default }} "])
    def test_only_the_default_is_the_default(self, entry: str) -> None:
        plain = event(error("A", CHECKOUT))
        assert fingerprint({**plain, "fingerprint": [entry]}) == fingerprint(plain)

    @pytest.mark.parametrize("absent", [None, [], [None], "", {}, 3, [""]])
    def test_an_empty_or_odd_client_fingerprint_is_none(self, absent: object) -> None:
        plain = event(error("A", CHECKOUT))
        assert fingerprint({**plain, "fingerprint": absent}) == fingerprint(plain)

    def test_the_default_can_be_refined(self) -> None:
        refined = {**event(error("A", CHECKOUT)), "fingerprint": ["{{ default }}", "tenant-1"]}
        other = {**event(error("A", CHECKOUT)), "fingerprint": ["{{ default }}", "tenant-2"]}
        assert not same(refined, other)
        assert not same(refined, {**event(error("B", CHECKOUT)), "fingerprint": ["{{default}}", "tenant-1"]})
        assert same(refined, {**event(error("A", CHECKOUT, "v")), "fingerprint": ["{{default}}", "tenant-1"]})

    def test_variables_are_filled_in(self) -> None:
        source = {
            **event(error("KeyError", CHECKOUT, "'EUR'")),
            "transaction": "/pay",
            "level": "error",
            "logger": "shop",
            "release": "shop@1",
            "tags": [["plan", "gold"]],
            "fingerprint": [
                "{{ type }}:{{ error.value }}", "{{ transaction }}", "{{ function }}", "{{ stack.module }}",
                "{{ level }}", "{{logger}}", "{{ release }}", "{{ tags.plan }}", "{{ environment }}", "{{ typo }}",
                "{{ message }}",
            ],
        }  # fmt: skip
        assert fingerprint(source).parts == (
            "KeyError:'EUR'", "/pay", "discount", "shop.rules", "error", "shop", "shop@1", "gold", "<no-environment>",
            "{{ typo }}", "'EUR'",
        )  # fmt: skip

    def test_parts_are_encoded_without_ambiguity(self) -> None:
        assert not same({"fingerprint": ["ab", "c"]}, {"fingerprint": ["a", "bc"]})
        assert not same({"fingerprint": ["Order failed"]}, {"message": "Order failed"})


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "exception",
                    "values",
                    "type",
                    "value",
                    "stacktrace",
                    "frames",
                    "function",
                    "module",
                    "filename",
                    "in_app",
                    "threads",
                    "crashed",
                    "mechanism",
                    "is_exception_group",
                    "synthetic",
                    "logentry",
                    "message",
                    "formatted",
                    "params",
                    "fingerprint",
                    "tags",
                    "context_line",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=40,
)


class TestRobustness:
    @settings(max_examples=300)
    @given(
        st.dictionaries(
            st.sampled_from(["exception", "threads", "stacktrace", "logentry", "fingerprint", "message"]), ODD
        )
    )
    def test_no_shape_raises_and_the_answer_is_a_u64(self, odd: dict[str, object]) -> None:
        found = fingerprint(odd)
        assert 0 <= found.fingerprint < 2**64
        assert found == fingerprint(copy.deepcopy(odd))

    def test_lone_surrogates_are_hashed(self) -> None:
        assert fingerprint({"message": "bad \ud800"}).source == "message"

    def test_an_unknown_version_says_which_are_known(self) -> None:
        with pytest.raises(UnknownGroupingVersion, match="v1") as caught:
            fingerprint({}, "v0")
        assert isinstance(caught.value, StateError)
        assert set(VERSIONS) == {"v1", "v2"}

    def test_answers_are_the_same_in_every_process_and_release(self) -> None:
        """Pinned values: stored events carry them. A change of any is a new version, not an edit here."""
        events = [
            event(error("KeyError", CHECKOUT, "'EUR'")),
            {"logentry": {"formatted": "Order 7 failed"}},
            {"fingerprint": ["database-down"]},
            {},
        ]
        pinned = json.loads((Path(__file__).parent / "grouping_v1_pinned.json").read_text())
        assert [fingerprint(one).fingerprint for one in events] == pinned
        program = (
            "import json, sys; from ml.grouping import fingerprint as group; "
            "print([group(event).fingerprint for event in json.load(sys.stdin)])"
        )
        for seed in ("1", "2"):
            done = subprocess.run(
                [sys.executable, "-c", program], input=json.dumps(events), capture_output=True, text=True, check=True,
                cwd=ROOT, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            assert json.loads(done.stdout) == pinned
