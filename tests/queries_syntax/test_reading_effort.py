"""Reading takes time in proportion to the text, whatever it holds.

Effort is counted in Python calls, which does not depend on the machine. What the regular expressions do inside is kept
linear by possessive quantifiers: they never go back.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable

import pytest

from queries.errors import SyntaxProblem
from queries.parser import parse
from queries.search import AMBER, SENTRY, tokenize

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

HOSTILE = [
    "(", "(a:b ", "x (y ", "(a) ", "() ", '"a ', '""', '\\" ', 'a:"\\" ', 'f("\\" ', "a:[x, ",
    'a:["x", ', "issue.id:[1, ",
    "f(a:[x, ", "f(x ", "f(x, ", 'f("x, ', "f(`a ", "`", "``` `` ", "a://x ", "a://x// ", "a:// /", 'x:Contains["a, ',
    "x:\uf00dContains\uf00d", "tags[a,", "foo bar ", "a:b ", "a OR ", "!", "\\", "a-", ":", "|", " | foo ",
    " | limit 5",
    "  ", "\n", ";", "let a = 1; ", "last 2h ", "2026-01-01 between ", "from errors, ", "a.b.", "1+",
    "a=b and ", "not ",
    "5%", "1.", "'a ", "m[", "f(", "[", "a ? ", "x in [1] and ",
]  # fmt: skip


def calls(work: Callable[[], object]) -> int:
    """Return how many Python and C calls `work` makes."""
    made = 0

    def count(_frame, _event, _argument) -> None:
        nonlocal made
        made += 1

    sys.setprofile(count)
    try:
        work()
    except SyntaxProblem:
        pass
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("head", ["", "from errors ", "from errors | where ", "let x = from errors "])
def test_twice_the_text_takes_at_most_about_twice_the_calls(head: str) -> None:
    """For every hostile pattern, in every part of the language."""
    for pattern in HOSTILE:
        small = calls(lambda: parse(head + pattern * 200))  # noqa: B023  # called at once
        large = calls(lambda: parse(head + pattern * 400))  # noqa: B023  # called at once
        assert large <= 2.2 * small + 500, pattern


@pytest.mark.parametrize("config", [SENTRY, AMBER], ids=["sentry", "amber"])
def test_the_token_level_is_linear_too(config) -> None:
    """With Sentry's grammar and with Amber's."""
    for pattern in HOSTILE:
        small = calls(lambda: tokenize(pattern * 200, config, NOW))  # noqa: B023  # called at once
        large = calls(lambda: tokenize(pattern * 400, config, NOW))  # noqa: B023  # called at once
        assert large <= 2.2 * small + 500, pattern


def test_deep_nesting_is_an_error_even_near_the_end_of_the_stack() -> None:
    """A caller that has used most of Python's stack gets a SyntaxProblem as well."""

    def descend(levels: int) -> None:
        if levels:
            descend(levels - 1)
        else:
            parse("from errors | where " + "f(" * 30 + "a" + ")" * 30)

    used = 0
    frame = sys._getframe()
    while frame is not None:
        used, frame = used + 1, frame.f_back
    with pytest.raises(SyntaxProblem, match="nests too deeply"):
        descend(sys.getrecursionlimit() - used - 60)
