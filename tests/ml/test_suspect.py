"""Suspect commits: files of frames, changes of style, and the ranking of what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.suspect.paths import FileIndex, Found, Root, StackFrame, derive, locate, paths_of
from ml.suspect.scoring import Candidate, Confidence, Known, Place, Reason, is_test, rank, words_of
from ml.suspect.stack import places_of
from ml.suspect.style import style_only

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def frame(filename: str = "", abs_path: str = "", module: str = "", line: int | None = 3, **more) -> StackFrame:
    return StackFrame("f", module, filename, abs_path, line, **more)


@pytest.mark.parametrize(
    ("platform", "sent", "file"),
    [
        ("python", frame("shop/cart.py", "/srv/app/shop/cart.py"), "src/shop/cart.py"),
        ("python", frame(module="shop.cart"), "src/shop/cart.py"),
        ("python", frame(module="shop"), "src/shop/__init__.py"),
        ("javascript", frame("app:///web/cart.ts"), "web/cart.ts"),
        ("javascript", frame("webpack:///./web/cart.ts?3f2a"), "web/cart.ts"),
        ("node", frame("webpack-internal:///./web/cart.ts"), "web/cart.ts"),
        ("javascript", frame("https://shop.example/static/web/cart.ts?v=1"), "web/cart.ts"),
        ("java", frame("Cart.java", module="com.shop.Cart$Item"), "core/src/main/java/com/shop/Cart.java"),
        ("java", frame(module="com.shop.Cart$Item"), "core/src/main/java/com/shop/Cart.java"),
        ("go", frame("cart.go", module="github.com/acme/shop/internal/cart"), "internal/cart/cart.go"),
        ("go", frame("cart.go", "/go/src/shop/internal/cart/cart.go", "main"), "internal/cart/cart.go"),
        ("ruby", frame("app/models/cart.rb", "/rails/app/models/cart.rb"), "app/models/cart.rb"),
        ("ruby", frame(module="Models::CartItem"), "app/models/cart_item.rb"),
        ("csharp", frame(r"C:\build\Shop\Cart.cs"), "net/Shop/Cart.cs"),
        ("csharp", frame(module="Shop.Cart+Item"), "net/Shop/Cart.cs"),
        ("php", frame("/var/www/php/Model/Cart.php"), "php/Model/Cart.php"),
        ("php", frame(module=r"App\Model\Cart"), "php/Model/Cart.php"),
        ("python", frame("<string>"), None),
        ("python", frame("util.py"), None),  # two files are called so
        ("other", frame("elsewhere/x.py"), None),
    ],
)
def test_a_frame_leads_to_the_only_file_that_ends_as_it_says(platform, sent, file):
    """Each platform's modules and paths; what several files or none could be leads nowhere."""
    index = FileIndex(
        frozenset(
            {
                "src/shop/cart.py",
                "src/shop/__init__.py",
                "web/cart.ts",
                "core/src/main/java/com/shop/Cart.java",
                "internal/cart/cart.go",
                "app/models/cart.rb",
                "app/models/cart_item.rb",
                "net/Shop/Cart.cs",
                "php/Model/Cart.php",
                "a/util.py",
                "b/util.py",
            }
        )
    )
    found = locate(sent, platform, (), {1: index})
    assert (found.path if found else None) == file


def test_code_mappings_go_first_and_end_at_names_of_directories():
    """The first mapping that fits and leads to a file counts; a root does not end inside a name."""
    index = FileIndex(frozenset({"a/x.py", "b/x.py"}))
    roots = [Root("/srv/none/", "c/", 1), Root("/srv/app", "b", 1), Root("", "a/", 1)]
    assert locate(frame("x.py", "/srv/app/x.py"), "python", roots, {1: index}) == Found(1, "b/x.py", roots[1])
    assert locate(frame("x.py", "/srv/apple/x.py"), "python", roots, {1: index}) == Found(1, "a/x.py", roots[2])
    assert locate(frame("y.py", "/srv/apple/y.py"), "python", roots, {1: index}) is None


def test_mappings_are_derived_where_no_frame_contradicts():
    """Roots are what stands before the common end; two repositories for one root take it away."""
    indexes = {
        1: FileIndex(frozenset({"src/shop/cart.py", "lib/deep/tool.py"})),
        2: FileIndex(frozenset({"web/page.py"})),
    }
    app = [(frame("", "/srv/app/shop/cart.py"), "python"), (frame("", "/opt/page.py"), "python")]
    assert derive(app, indexes) == [Root("/opt/", "web/", 2), Root("/srv/app/", "src/", 1)]
    assert derive([*app, (frame("", "/opt/tool.py"), "python")], indexes) == [Root("/srv/app/", "src/", 1)]


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["python", "java", "go", "php", "ruby", "x", ""]))
def test_any_frame_has_paths_or_none(path, module, platform):
    """Whatever clients send, the paths are texts that name something."""
    assert all(paths_of(frame(path, path, module), platform))


@pytest.mark.parametrize(
    ("path", "before", "after", "same"),
    [
        ("a.java", "int a = 1;\nint b;", "int a=1;\n// why\n\nint b;\n", True),
        ("a.java", "int a = 1;", "int a = 2;", False),
        ("a.java", "import x;\nint a;", "import y;\nint a;", True),
        ("a.py", "f(a, b)\n", "f(\n    a,\n    b,\n)  # why\n", True),
        ("a.py", "if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n", False),
        ("a.py", "def broken(:\n", "def broken( :\n", False),
        ("a.rb", "x = 1 # one\n# two", "x = 1 # one", True),
    ],
)
def test_changes_of_style_say_the_same(path, before, after, same):
    """Blanks, breaks, comments and imports are style; indentation of Python is not."""
    assert style_only(before, after, path) is same


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("src/test/java/CartTest.java", True),
        ("tests/test_cart.py", True),
        ("web/cart.spec.ts", True),
        ("cart_test.go", True),
        ("src/contest/latest.py", False),
        ("src/attestation.go", False),
    ],
)
def test_files_of_tests_are_known_by_name_or_directory(path, test):
    """Names that only contain the word are no tests."""
    assert is_test(path) is test


def test_helpers_of_tests_are_left_away_and_the_code_a_test_is_about_is_added():
    """Of a failing test only the test itself counts, and what its name and its lines speak of."""
    index = FileIndex(frozenset({"src/Cart.java", "src/Price.java", "test/CartTest.java", "test/Helper.java"}))
    text = "class CartTest {\n  void adds() {\n    new Price(3);\n    check();\n  }\n}\n"
    frames = [("test/Helper.java", 9, "check"), ("test/CartTest.java", 4, "adds")]
    found = places_of(frames, index, lambda _: text)
    assert [(place.path, place.related) for place in found] == [
        ("test/CartTest.java", False),
        ("src/Cart.java", True),
        ("src/Price.java", True),
    ]


def known(**more) -> Known:
    """Three commits that touched the file of a stack; `b` wrote the line that failed."""
    commits = {
        name: Candidate(name, NOW - timedelta(days=days), message, size)
        for name, days, message, size in (
            ("a", 1, "Sort imports", 3),
            ("b", 5, "Charge items", 2),
            ("c", 300, "Begin", 40),
        )
    }
    given_ = {
        "places": [Place("cart.py", 0, 42, "charge"), Place("view.py", 1, 7, "show")],
        "commits": commits,
        "first_seen": NOW,
        "history": {"cart.py": ["a", "b", "c"], "view.py": ["c"]},
        "blame": {"cart.py": {41: "c", 42: "b", 43: "c"}, "view.py": {7: "c"}},
        "words": "ValueError charge",
    }
    return Known(**{**given_, **more})


def test_who_wrote_the_line_that_failed_goes_first_with_its_reasons():
    """The line, the lines around it, the file and the words are told, the strongest first."""
    first, *others = rank(known(in_release=True))
    assert (first.sha, first.confidence) == ("b", Confidence.HIGH)
    assert [evidence.reason for evidence in first.evidence] == [Reason.LINE, Reason.FILE, Reason.WORDS]
    assert first.evidence[0].line == 42
    assert first.evidence[-1].words == ("charge",)
    assert {one.sha for one in others} == {"a", "c"}


def test_style_later_commits_and_commits_outside_are_not_suspected():
    """A change of style, a commit after the first event and one that is no candidate never come up."""
    later = {**known().commits, "d": Candidate("d", NOW + timedelta(hours=1))}
    found = rank(known(commits=later, history={"cart.py": ["d", "a", "x", "b", "c"]}, style={("a", "cart.py")}))
    assert [one.sha for one in found] == ["b", "c"]


def test_without_blame_the_newest_change_of_the_innermost_file_goes_first_with_little_confidence():
    """File lists alone give an order, and are said to be weak."""
    found = rank(known(blame={}, words=""))
    assert [one.sha for one in found] == ["a", "b", "c"]
    assert {one.confidence for one in found} == {Confidence.LOW}


@given(st.data())
def test_the_ranking_is_an_order_of_candidates(data):
    """Any evidence gives each candidate at most once, with falling scores that are the sum of the reasons or less."""
    names = st.sampled_from("abcx")
    history = data.draw(st.dictionaries(st.sampled_from(["cart.py", "view.py"]), st.lists(names, unique=True)))
    blame = data.draw(st.dictionaries(st.just("cart.py"), st.dictionaries(st.integers(35, 50), names)))
    found = rank(known(history=history, blame=blame))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert len({one.sha for one in found}) == len(found)
    assert {one.sha for one in found} <= set("abc")
    assert all(one.evidence and one.score > 0 for one in found)


def test_words_are_parts_of_identifiers():
    """Capitals and underscores cut; short and common words say nothing."""
    assert words_of("chargeAllItems HTTPServer_error in") == {"charge", "items", "http", "server"}
