"""Stack texts of seven languages become exceptions with frames; whatever is not understood is said to be."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.otlp.stacks import parse_stack
from ingest.otlp.stacks_common import ParsedStack

Told = list[tuple[str, str, list[tuple[str, str, int]]]]


def told(stack: ParsedStack | None) -> Told:
    """Type, value and frames (function, file, line) of each exception, the outermost last."""
    assert stack is not None
    return [
        (e.type, e.value, [(f.get("function", ""), f.get("filename", ""), f.get("lineno", 0)) for f in e.frames])
        for e in stack.exceptions
    ]


def parsed(text: str, language: str = "") -> ParsedStack:
    stack, _ = parse_stack(dedent(text), language)
    assert stack is not None
    return stack


def modules(stack: ParsedStack) -> list[str]:
    """Modules of the outermost exception's frames."""
    return [f.get("module", "") for f in stack.exceptions[-1].frames]


STACKS: dict[str, tuple[str, str, Told]] = {
    "python, chained with marks below the code": (
        "python",
        """\
        Traceback (most recent call last):
          File "/app/prices.py", line 7, in price
            return prices[sku]
                   ~~~~~~^^^^^
        KeyError: 'P-1'

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/shop.py", line 3, in <module>
            buy("P-1")
          File "/app/shop.py", line 12, in buy
            raise OrderFailed(
            ...<2 lines>...
            )
          [Previous line repeated 3 more times]
        shop.errors.OrderFailed: no price
        for P-1
        """,
        [
            ("KeyError", "'P-1'", [("price", "/app/prices.py", 7)]),
            (
                "shop.errors.OrderFailed",
                "no price\nfor P-1",
                [("<module>", "/app/shop.py", 3), ("buy", "/app/shop.py", 12)],
            ),
        ],
    ),
    "python, a group in a group": (
        "python",
        """\
          + Exception Group Traceback (most recent call last):
          |   File "/app/x.py", line 9, in main
          |     raise ExceptionGroup("two", [a, b])
          | ExceptionGroup: two (2 sub-exceptions)
          +-+---------------- 1 ----------------
            | Traceback (most recent call last):
            |   File "/app/x.py", line 3, in f
            |     int("a")
            |     ~~~^^^^^
            | ValueError: bad
            +---------------- 2 ----------------
            | ExceptionGroup: inner (1 sub-exception)
            +-+---------------- 1 ----------------
              | Traceback (most recent call last):
              |   File "/app/y.py", line 4, in g
              |     raise TypeError
              | TypeError
              +------------------------------------
        """,
        [
            ("TypeError", "", [("g", "/app/y.py", 4)]),
            ("ExceptionGroup", "inner (1 sub-exception)", []),
            ("ValueError", "bad", [("f", "/app/x.py", 3)]),
            ("ExceptionGroup", "two (2 sub-exceptions)", [("main", "/app/x.py", 9)]),
        ],
    ),
    "python, a syntax error": (
        "python",
        """\
        Traceback (most recent call last):
          File "/app/run.py", line 2, in <module>
            exec(code)
          File "<string>", line 1
            x = = 1
                ^
        SyntaxError: invalid syntax
        """,
        [("SyntaxError", "invalid syntax", [("<module>", "/app/run.py", 2), ("", "<string>", 1)])],
    ),
    "java, causes, suppressed and common frames": (
        "java",
        """\
        java.lang.IllegalStateException: outer
        second line
        \tat com.example.Shop.buy(Shop.java:12) ~[shop.jar:1.0]
        \tat com.example.Main$$Lambda$14/0x0000000800c03000.run(Unknown Source)
        \tat java.base/java.lang.Thread.run(Thread.java:829)
        \tSuppressed: java.io.IOException: closing
        \t\tat com.example.Till.close(Till.kt:3)
        \t\t... 1 more
        Caused by: java.net.ConnectException
        \tat app//com.example.Sock.<init>(Sock.java:33)
        \tat com.example.Sock.open(Native Method)
        \t... 2 common frames omitted
        """,
        [
            (
                "java.net.ConnectException",
                "",
                [
                    ("run", "Thread.java", 829),
                    ("run", "", 0),
                    ("open", "", 0),
                    ("<init>", "Sock.java", 33),
                ],
            ),
            ("java.io.IOException", "closing", [("run", "Thread.java", 829), ("close", "Till.kt", 3)]),
            (
                "java.lang.IllegalStateException",
                "outer\nsecond line",
                [("run", "Thread.java", 829), ("run", "", 0), ("buy", "Shop.java", 12)],
            ),
        ],
    ),
    "java, of an uncaught exception": (
        "java",
        'Exception in thread "main" java.lang.Error: no\n\tat a.B.main(B.java:1)\n',
        [("java.lang.Error", "no", [("main", "B.java", 1)])],
    ),
    "v8, with a cause": (
        "nodejs",
        """\
        TypeError [ERR_X]: Cannot read properties of undefined (reading 'id')
            at Shop.buy [as order] (/app/shop.js:10:15)
            at async Promise.all (index 0)
            at new Cart (file:///app/cart.mjs:1:2)
            at C:\\app\\x.js:3:4
            at async run (node:internal/process/task_queues:95:5)
            at eval (eval at load (/app/eval.js:7:1), <anonymous>:1:30)
            at Array.map (<anonymous>) {
          [cause]: Error: inner
              at /app/y.js:1:2
        }
        """,
        [
            ("Error", "inner", [("<anonymous>", "/app/y.js", 1)]),
            (
                "TypeError",
                "Cannot read properties of undefined (reading 'id')",
                [
                    ("Array.map", "<anonymous>", 0),
                    ("eval", "/app/eval.js", 7),
                    ("run", "node:internal/process/task_queues", 95),
                    ("<anonymous>", "C:\\app\\x.js", 3),
                    ("new Cart", "file:///app/cart.mjs", 1),
                    ("Shop.buy", "/app/shop.js", 10),
                ],
            ),
        ],
    ),
    "firefox": (
        "webjs",
        """\
        buy@https://shop.example/app.js:10:5
        async*run/<@https://shop.example/app.js:7:1
        @https://shop.example/app.js line 3 > eval:1:1
        """,
        [
            (
                "",
                "",
                [
                    ("<eval>", "https://shop.example/app.js", 3),
                    ("run/<", "https://shop.example/app.js", 7),
                    ("buy", "https://shop.example/app.js", 10),
                ],
            )
        ],
    ),
    "safari": (
        "webjs",
        "buy@https://shop.example/a.js:1:5\n[native code]\nglobal code@https://shop.example/a.js:9:1",
        [
            (
                "",
                "",
                [
                    ("global code", "https://shop.example/a.js", 9),
                    ("<native>", "native", 0),
                    ("buy", "https://shop.example/a.js", 1),
                ],
            )
        ],
    ),
    "go, a panic": (
        "go",
        """\
        panic: runtime error: index out of range [5] with length 3 [recovered]
        \tpanic: again

        goroutine 1 [running]:
        panic({0x4b2f80?, 0xc0000b2000?})
        \t/usr/local/go/src/runtime/panic.go:884 +0x213
        main.(*Shop).Buy(0xc0000140a0, {0x1, 0x2})
        \t/app/shop.go:12 +0x1d
        github.com/acme/cart%2ego.Add.func1(...)
        \t/go/pkg/mod/github.com/acme/cart.go@v1.2.0/add.go:3
        created by main.start in goroutine 7
        \t/app/main.go:7 +0x5
        exit status 2
        """,
        [
            (
                "panic",
                "again",
                [
                    ("start", "/app/main.go", 7),
                    ("Add.func1", "/go/pkg/mod/github.com/acme/cart.go@v1.2.0/add.go", 3),
                    ("(*Shop).Buy", "/app/shop.go", 12),
                    ("panic", "/usr/local/go/src/runtime/panic.go", 884),
                ],
            )
        ],
    ),
    "go, an error with its stack": (
        "go",
        "no price\nmain.price\n\t/app/price.go:5\nruntime.main\n\t/usr/local/go/src/runtime/proc.go:250\n",
        [("", "no price", [("main", "/usr/local/go/src/runtime/proc.go", 250), ("price", "/app/price.go", 5)])],
    ),
    "ruby, with its cause": (
        "ruby",
        """\
        app.rb:5:in `rescue in buy': no order (Shop::OrderFailed)
        \tfrom app.rb:2:in `buy'
        \tfrom app.rb:9:in `<main>'
        app.rb:3:in `/': divided by 0 (ZeroDivisionError)
        \tfrom app.rb:3:in `price'
        """,
        [
            ("ZeroDivisionError", "divided by 0", [("price", "app.rb", 3), ("/", "app.rb", 3)]),
            (
                "Shop::OrderFailed",
                "no order",
                [("<main>", "app.rb", 9), ("buy", "app.rb", 2), ("rescue in buy", "app.rb", 5)],
            ),
        ],
    ),
    "ruby 3.4, with the code below the message": (
        "ruby",
        """\
        /app/a.rb:1:in 'Cart#total': undefined method 'x' for nil (NoMethodError)

            nil.x
               ^^
        \tfrom /app/b.rb:2:in 'block in Object#run'
        """,
        [
            (
                "NoMethodError",
                "undefined method 'x' for nil\n    nil.x\n       ^^",
                [("block in Object#run", "/app/b.rb", 2), ("Cart#total", "/app/a.rb", 1)],
            )
        ],
    ),
    "ruby, a bare backtrace": (
        "ruby",
        "/app/a.rb:1:in `x'\n/app/b.rb:22:in `block (2 levels) in y'",
        [("", "", [("block (2 levels) in y", "/app/b.rb", 22), ("x", "/app/a.rb", 1)])],
    ),
    "ruby 2.5, upside down": (
        "ruby",
        "Traceback (most recent call last):\n\t1: from a.rb:9:in `<main>'\na.rb:2:in `f': no (RuntimeError)\n",
        [("RuntimeError", "no", [("<main>", "a.rb", 9), ("f", "a.rb", 2)])],
    ),
    ".net, with an inner exception": (
        "dotnet",
        """\
        System.InvalidOperationException: outer
         ---> System.ArgumentException: inner (Parameter 'sku')
           at Shop.Cart..ctor(String sku) in C:\\src\\Cart.cs:line 12
        --- End of stack trace from previous location ---
           at Shop.Cart.<>c__DisplayClass0_0.<Add>b__0()
           --- End of inner exception stack trace ---
           at Shop.Program.Main(String[] args) in /src/Program.cs:line 5
        """,
        [
            (
                "System.ArgumentException",
                "inner (Parameter 'sku')",
                [("<Add>b__0", "", 0), (".ctor", "C:\\src\\Cart.cs", 12)],
            ),
            ("System.InvalidOperationException", "outer", [("Main", "/src/Program.cs", 5)]),
        ],
    ),
    ".net, headers in one line": (
        "dotnet",
        "A.B: outer ---> C.D: inner\n   at C.E.F(Int32 i)\n   --- End of inner exception stack trace ---\n   at A.G()",
        [("C.D", "inner", [("F", "", 0)]), ("A.B", "outer", [("G", "", 0)])],
    ),
    ".net, an aggregate": (
        "dotnet",
        """\
        System.AggregateException: Two errors. (a) (b)
         ---> System.Exception: a
           at A.B()
           --- End of inner exception stack trace ---
           at C.D()
         ---> (Inner Exception #0) System.Exception: a
           at A.B()<---

         ---> (Inner Exception #1) System.Exception: b
           at A.E()<---
        """,
        [
            ("System.Exception", "b", [("E", "", 0)]),
            ("System.Exception", "a", [("B", "", 0)]),
            ("System.AggregateException", "Two errors. (a) (b)", [("D", "", 0)]),
        ],
    ),
    ".net, in German": (
        "dotnet",
        "System.Exception: Fehler\n   bei Shop.Kasse.Zahlen(Int32 n) in C:\\Kasse.cs:Zeile 12.",
        [("System.Exception", "Fehler", [("Zahlen", "C:\\Kasse.cs", 12)])],
    ),
    "php, with a previous exception": (
        "php",
        """\
        LogicException: inner in /app/Cart.php:12
        Stack trace:
        #0 /app/Shop.php(20): Cart->add('P-1', Array)
        #1 [internal function]: Shop->{closure}(1)
        #2 /app/index.php(3): array_map(Object(Closure), Array)
        #3 {main}

        Next RuntimeException: outer in /app/Shop.php:22
        Stack trace:
        #0 {main}
          thrown in /app/Shop.php on line 22
        """,
        [
            (
                "LogicException",
                "inner",
                [
                    ("{main}", "/app/index.php", 3),
                    ("array_map", "[internal function]", 0),
                    ("Shop->{closure}", "/app/Shop.php", 20),
                    ("Cart->add", "/app/Cart.php", 12),
                ],
            ),
            ("RuntimeException", "outer", [("{main}", "/app/Shop.php", 22)]),
        ],
    ),
    "php, in the form of OpenTelemetry's SDK": (
        "php",
        "RuntimeException: no\n at Shop.Cart.add(Cart.php:12)\n at {main}(index.php:3)\n",
        [("RuntimeException", "no", [("{main}", "index.php", 3), ("add", "Cart.php", 12)])],
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_becomes_exceptions_with_frames(name: str) -> None:
    """The same whether the client says which language it is or not."""
    language, text, wanted = STACKS[name]
    stack = parsed(text, language)
    assert told(stack) == wanted
    assert stack.complete
    assert told(parsed(text)) == wanted
    assert told(parse_stack(dedent(text).replace("\n", "\r\n"), language)[0]) == wanted


def test_how_exceptions_belong_together_is_kept() -> None:
    group = parsed(STACKS["python, a group in a group"][1], "python").exceptions
    assert [e.source for e in group] == ["member", "member", "member", ""]
    assert [e.is_group for e in group] == [False, True, False, True]
    assert group[0].parent is group[1]
    java = parsed(STACKS["java, causes, suppressed and common frames"][1], "java").exceptions
    assert [(e.source, e.parent is java[-1]) for e in java] == [("cause", True), ("suppressed", True), ("", False)]
    python = parsed(STACKS["python, chained with marks below the code"][1], "python").exceptions
    assert python[0].parent is python[1]
    assert python[0].frames[0]["context_line"] == "return prices[sku]"
    aggregate = parsed(STACKS[".net, an aggregate"][1], "dotnet").exceptions
    assert [e.source for e in aggregate] == ["member", "member", ""]


def test_modules_are_read_where_the_text_has_them() -> None:
    java = parsed(STACKS["java, causes, suppressed and common frames"][1], "java")
    assert modules(java) == ["java.lang.Thread", "com.example.Main$$Lambda$14/0x0000000800c03000", "com.example.Shop"]
    assert modules(parsed(STACKS["go, a panic"][1], "go")) == ["main", "github.com/acme/cart.go", "main", ""]
    dotnet = parsed(STACKS[".net, with an inner exception"][1], "dotnet")
    assert dotnet.exceptions[0].frames[1]["module"] == "Shop.Cart"


def test_a_group_may_be_part_of_a_chain() -> None:
    text = STACKS["python, a group in a group"][1]
    chain = dedent(text) + dedent("""
        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "/app/z.py", line 1, in <module>
            main()
        RuntimeError: after it
        """)
    exceptions = parsed(chain, "python").exceptions
    assert [e.type for e in exceptions][-2:] == ["ExceptionGroup", "RuntimeError"]
    assert (exceptions[-2].source, exceptions[-2].parent) == ("context", exceptions[-1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "something went wrong",
        "Error: see http://x.example:80/y",
        "at the end of the day\nit is text",
        "<html>\n<body at='x'>\n</html>",
        "\0\0\0",
    ],
)
def test_what_is_no_stack_is_nothing(text: str) -> None:
    """The caller keeps the text then."""
    for language in ("", "python", "java", "nodejs", "go", "ruby", "dotnet", "php"):
        assert parse_stack(text, language) == (None, "")


def test_lines_that_are_not_understood_are_said() -> None:
    """So that the text is kept beside the frames."""
    assert not parsed("java.lang.Error: x\n\tat a.B.c(B.java:1)\nsome logger's epilogue\n", "java").complete
    others = "goroutine 1 [running]:\nmain.f()\n\t/a.go:1\n\ngoroutine 2 [select]:\nmain.g()\n\t/a.go:2\n"
    stack = parsed(others, "go")
    assert [f["function"] for f in stack.exceptions[0].frames] == ["f"]
    assert not stack.complete


def test_a_wrong_language_is_no_obstacle() -> None:
    """A Python program may report what its Node child printed."""
    stack, platform = parse_stack(dedent(STACKS["v8, with a cause"][1]), "python")
    assert (told(stack), platform) == (STACKS["v8, with a cause"][2], "javascript")


@pytest.mark.parametrize(
    "line",
    [
        'File "' * 4000,
        "  | " * 4000,
        "at " * 4000 + "(" * 2000,
        "a.rb:1:in `" * 4000,
        "#0 " + "(1): " * 4000,
        " ---> " * 4000,
        "x@" * 4000,
        "((" * 8000 + "\n\t/a.go:1",
        "eval at (" * 4000,
    ],
)
def test_hostile_lines_take_no_longer_than_others(line: str) -> None:
    """No pattern tries a text in more ways than it has letters, or the run would not end."""
    for language in ("python", "java", "nodejs", "go", "ruby", "dotnet", "php"):
        parse_stack("\n".join([line] * 3), language)


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(STACKS)))
def test_stacks_with_lines_lost_or_mixed_up_raise_nothing(dice: Any, name: str) -> None:
    language, text, _ = STACKS[name]
    lines = dedent(text).split("\n") + dedent(STACKS[dice.choice(sorted(STACKS))][1]).split("\n")
    shuffled = dice.sample(lines, dice.randrange(len(lines) + 1))
    stack, _ = parse_stack("\n".join(shuffled), language)
    assert stack is None or stack.frame_count


def test_a_net_stack_that_begins_with_an_inner_exception_is_read() -> None:
    """Whatever stood before it was cut off."""
    text = " ---> (Inner Exception #0) System.Exception: a<---\n   at A.B() in x.cs:line 3"
    stack, _ = parse_stack(text, "dotnet")
    assert stack is not None
    [inner] = stack.exceptions
    assert (inner.type, inner.value, inner.frames[0]["function"]) == ("System.Exception", "a", "B")
