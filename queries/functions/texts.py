"""Text: letters, pieces, patterns, URLs, versions, addresses, JSON. Positions count characters from 0, as arrays do."""

# ruff: noqa: E501 - the table reads best with one declaration in one place
from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir

from queries.functions.model import Arg, Bound, Build, Function, Want, always, follow, like, plain, same_as_first
from queries.types import BOOLEAN, INTEGER, NULLABLE_STRING, SPARSE_STRING, STRING, Base, ValueType
from queries.values.calls import call
from queries.values.typed import Typed

TEXTS = ValueType(Base.ARRAY, element=Base.STRING)
SPACES = " \t\n\r\f\v"
MAX_TEXT = 10_000
"""Longest text that is made by repeating or padding."""


def as_text(item: Typed) -> ir.Value:
    """Return any value as text; a condition, which the engine computes as 0 or 1, as a word."""
    if item.type.base is Base.STRING:
        return item.value
    boolean = item.type.base is Base.BOOLEAN
    return call("toString", STRING, call("toBool", BOOLEAN, item.value) if boolean else item.value)


def filled(item: Typed) -> ir.Value:
    """Return a text with the empty one for a missing one, for functions that give arrays, which are never null."""
    return call("ifNull", STRING, item.value, "") if item.type.nullable else item.value


def pieces(bound: Bound, made: ir.Value) -> ir.Value:
    """Return an array made of the first argument, without elements where that is missing."""
    item = bound.args[0]
    if not item.type.nullable:
        return made
    return call("if", TEXTS, item.value.isnull(), call("emptyArrayString", TEXTS), made)


def offset(item: Typed) -> ir.Value | int:
    """Return a position counted from 0, or from the end when negative, as the engine counts it: from 1."""
    if isinstance(item.constant, int):
        return item.constant + 1 if item.constant >= 0 else item.constant
    at = whole(item)
    return call("if", INTEGER, at >= 0, at + 1, at)


def whole(item: Typed) -> Any:
    """Return a number without its fraction, for positions and lengths."""
    return (
        call("toInt64", replace(INTEGER, missing=item.type.missing), item.value)
        if item.type.base is Base.FLOAT
        else item.value
    )


def _contains(bound: Bound) -> ir.Value:
    return call("positionCaseInsensitiveUTF8", INTEGER, *bound.values()) > 0


def _indexof(bound: Bound) -> ir.Value:
    return call("toInt64", INTEGER, call("positionUTF8", INTEGER, *bound.values())) - 1


def _length(bound: Bound) -> ir.Value:
    array = bound.args[0].type.base is Base.ARRAY
    return call("length" if array else "lengthUTF8", INTEGER, *bound.values())


def _substring(bound: Bound) -> ir.Value:
    length = bound.arg(2)
    if length is not None and isinstance(length.constant, int) and length.constant < 0:
        raise ValueError("takes a length from 0")
    rest = [] if length is None else [whole(length)]
    return call("substringUTF8", STRING, bound.args[0].value, offset(bound.args[1]), *rest)


def _trim(name: str) -> Build:
    def build(bound: Bound) -> ir.Value:
        return call(name, STRING, bound.args[0].value, bound.text(1, SPACES))

    return build


def _edge(name: str) -> Build:
    return lambda b: call(name, STRING, b.args[0].value, int(b.within(1, 1, (0, MAX_TEXT))))


def _pad(name: str) -> Build:
    def build(bound: Bound) -> ir.Value:
        fill = bound.text(2, " ")
        if not fill:
            raise ValueError("needs at least one character to fill with")
        return call(name, STRING, bound.args[0].value, int(bound.within(1, 1, (0, MAX_TEXT))), fill)

    return build


def _repeat(bound: Bound) -> ir.Value:
    return call("repeat", STRING, bound.args[0].value, int(bound.within(1, 1, (0, 1_000))))


def _concat(bound: Bound) -> ir.Value:
    return call("concat", STRING, *map(as_text, bound.args), "")


def _split(bound: Bound) -> ir.Value:
    if not bound.text(1):
        raise ValueError("needs a separator of at least one character")
    return pieces(bound, call("splitByString", TEXTS, bound.text(1), filled(bound.args[0])))


_NO_GROUPS = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
"""Parts of a pattern of RE2 in which brackets are signs like others: quoted, behind a backslash, in a class."""

_GROUPS = re.compile(r"\((?!\?)|\(\?P?<")


def _extract(bound: Bound) -> ir.Value:
    text, pattern = bound.values()[:2]
    if bound.arg(2) is None:
        return call("extract", SPARSE_STRING, text, pattern)
    group = int(bound.within(2, 0, (0, 99)))
    groups = len(_GROUPS.findall(_NO_GROUPS.sub("", bound.text(1))))
    if group > groups:
        raise ValueError(f"takes a group of the pattern, which has {groups}, or 0 for all it finds")
    return call("regexpExtract", SPARSE_STRING, text, pattern, group)


def _extract_all(bound: Bound) -> ir.Value:
    return pieces(bound, call("extractAll", TEXTS, filled(bound.args[0]), bound.text(1)))


def _replace(bound: Bound) -> ir.Value:
    if not bound.text(1):
        raise ValueError("needs at least one character to replace")
    return call("replaceAll", bound.args[0].type, *bound.values())


def _url_param(bound: Bound) -> ir.Value:
    return call("decodeURLComponent", SPARSE_STRING, call("extractURLParameter", STRING, *bound.values()))


def sparse(build: Build) -> Build:
    """Return the builder of a text of which the empty one means "missing"; null where its argument may be null."""

    def run(bound: Bound) -> ir.Value:
        made = build(bound)
        return call("nullIf", NULLABLE_STRING, made, "") if bound.args[0].type.nullable else made

    return run


def sparse_type(args: tuple[Typed, ...]) -> ValueType:
    """Return the type of such a text."""
    return NULLABLE_STRING if args[0].type.nullable else SPARSE_STRING


_S = Arg("text", Want.STRING)
_PART = Arg("part", Want.STRING)
_PATTERN = Arg("pattern", Want.PATTERN)
_CHARS = Arg("characters", Want.TEXT, optional=True)
_COUNT = Arg("n", Want.COUNT)
_TEXT, _INT, _BOOL = like(STRING), like(INTEGER), like(BOOLEAN)

TEXT_FUNCTIONS = (
    Function("lower", (_S,), same_as_first, follow("lowerUTF8"), "text", "Lower case.", "extend b = lower(browser.name)",
             keeps_empty=True, worked=(('lower("ÉTÉ")', '"été"'),)),
    Function("upper", (_S,), same_as_first, follow("upperUTF8"), "text", "Upper case.", "extend e = upper(environment)",
             keeps_empty=True, worked=(('upper("été")', '"ÉTÉ"'),)),
    Function("length", (Arg("x", Want.SEQUENCE),), _INT, _length, "plain number", "Number of characters of a text, or of elements of an array.",
             "where length(message) > 100", worked=(('length("héllo")', "5"), ('length(split("a,b", ","))', "2"))),
    Function("startswith", (_S, Arg("prefix", Want.STRING)), _BOOL, plain("startsWith", BOOLEAN), "condition",
             "Whether the text starts with a prefix; case counts.", 'where startswith(transaction, "/api/")', worked=(('startswith("/api/cart", "/api/")', "true"),)),
    Function("endswith", (_S, Arg("suffix", Want.STRING)), _BOOL, plain("endsWith", BOOLEAN), "condition",
             "Whether the text ends with a suffix; case counts.", 'where endswith(http.url, ".js")', worked=(('endswith("app.js", ".JS")', "false"),)),
    Function("contains", (_S, _PART), _BOOL, _contains, "condition",
             "Whether a part stands in the text; case does not count, as with the operator.", 'where contains(message, "quota")', worked=(('contains("Quota Exceeded", "quota")', "true"),)),
    Function("indexof", (_S, _PART), _INT, _indexof, "plain number",
             "Where a part stands first, counted in characters from 0; -1 when nowhere; case counts.", 'extend at = indexof(http.url, "?")', worked=(('indexof("héllo", "l")', "2"), ('indexof("a", "b")', "-1"))),
    Function("matches", (_S, _PATTERN), _BOOL, plain("match", BOOLEAN), "condition",
             "Whether a regular expression (RE2) matches somewhere; the operator =~ is the same.", 'where matches(message, "quota|limit")', worked=(('matches("item 42", "[0-9]+$")', "true"),)),
    Function("occurrences", (_S, Arg("part", Want.TEXT)), _INT, plain("countSubstrings", INTEGER), "plain number",
             "How often a part stands in the text, not overlapping; case counts.", 'extend slashes = occurrences(http.url, "/")', worked=(('occurrences("a/b/c", "/")', "2"),)),
    Function("replace", (_S, Arg("old", Want.TEXT), Arg("new", Want.TEXT)), same_as_first, _replace, "text",
             "Replaces every occurrence.", 'extend t = replace(title, "Error", "")', keeps_empty=True, worked=(('replace("a-b-c", "-", "+")', '"a+b+c"'),)),
    Function("replace_regex", (_S, _PATTERN, Arg("new", Want.TEXT)), same_as_first, follow("replaceRegexpAll"), "text",
             "Replaces every match of a regular expression (RE2); \\1 stands for the first group.", 'extend t = replace_regex(transaction, "/[0-9]+", "/:id")',
             keeps_empty=True, worked=(('replace_regex("/user/42/cart", "/[0-9]+", "/:id")', '"/user/:id/cart"'),)),
    Function("extract", (_S, _PATTERN, Arg("group", Want.COUNT, optional=True)), sparse_type, sparse(_extract), "text",
             "What a regular expression (RE2) finds: its first group if it has one, or the group asked for, 0 for all; null when it finds nothing.",
             'extend code = extract(message, "code=([0-9]+)")', keeps_empty=True, worked=(('extract("code=42 x", "code=([0-9]+)")', '"42"'), ('extract("a1", "([a-z])([0-9])", 2)', '"1"'), ('extract("a", "[0-9]")', "null"))),
    Function("extract_all", (_S, _PATTERN), always(TEXTS), _extract_all, "texts",
             "Everything a regular expression (RE2) finds, of its first group if it has one.", 'extend ids = extract_all(message, "[0-9]+")', worked=(('extract_all("a1b22", "[0-9]+")', '["1", "22"]'),)),
    Function("split", (_S, Arg("separator", Want.TEXT)), always(TEXTS), _split, "texts",
             "The pieces between separators; none of a missing text.", 'extend first = split(transaction, "/")[1]', worked=(('split("a,,b", ",")', '["a", "", "b"]'),)),
    Function("concat", (Arg("x", Want.ANY, repeated=True),), _TEXT, _concat, "text",
             "All values as text, one after the other; null when one is missing.", 'extend route = concat(http.method, " ", transaction)', worked=(('concat("a", 1, "b")', '"a1b"'),)),
    Function("trim", (_S, _CHARS), _TEXT, _trim("trimBoth"), "text", "Without white space, or the characters given, at both ends.",
             "extend m = trim(message)", worked=(('trim("  x y ")', '"x y"'), ('trim("--x--", "-")', '"x"'))),
    Function("trim_start", (_S, _CHARS), _TEXT, _trim("trimLeft"), "text", "Without white space, or the characters given, at the start.",
             "extend m = trim_start(message)", worked=(('trim_start("  x ")', '"x "'),)),
    Function("trim_end", (_S, _CHARS), _TEXT, _trim("trimRight"), "text", "Without white space, or the characters given, at the end.",
             "extend m = trim_end(message)", worked=(('trim_end(" x  ")', '" x"'),)),
    Function("substring", (_S, Arg("start", Want.NUMBER), Arg("length", Want.NUMBER, optional=True)), _TEXT, _substring, "text",
             "A part, from a position counted from 0, or from the end when negative.", "extend short = substring(trace, 0, 8)", worked=(('substring("héllo", 1, 3)', '"éll"'), ('substring("héllo", -2)', '"lo"'))),
    Function("left", (_S, _COUNT), _TEXT, _edge("leftUTF8"), "text", "The first n characters.", "extend short = left(trace, 8)", worked=(('left("héllo", 2)', '"hé"'),)),
    Function("right", (_S, _COUNT), _TEXT, _edge("rightUTF8"), "text", "The last n characters.", "extend end = right(transaction, 3)", worked=(('right("caffè", 2)', '"fè"'),)),
    Function("reverse", (_S,), same_as_first, follow("reverseUTF8"), "text", "The characters from last to first.", "extend r = reverse(server_name)",
             keeps_empty=True, worked=(('reverse("abé")', '"éba"'),)),
    Function("repeat", (_S, _COUNT), _TEXT, _repeat, "text", "The text n times (at most 1000).", 'extend bar = repeat("#", 5)', worked=(('repeat("ab", 3)', '"ababab"'),)),
    Function("pad_start", (_S, Arg("length", Want.COUNT), Arg("fill", Want.TEXT, optional=True)), _TEXT, _pad("leftPadUTF8"), "text",
             "Filled up at the start to a length with spaces or another text; cut when longer.", 'extend n = pad_start(tostring(http.status_code), 5, "0")', worked=(('pad_start("7", 3, "0")', '"007"'),)),
    Function("pad_end", (_S, Arg("length", Want.COUNT), Arg("fill", Want.TEXT, optional=True)), _TEXT, _pad("rightPadUTF8"), "text",
             "Filled up at the end to a length with spaces or another text; cut when longer.", 'extend n = pad_end(level, 8, ".")', worked=(('pad_end("é", 3, ".")', '"é.."'),)),
    Function("url_host", (_S,), sparse_type, sparse(plain("domain", SPARSE_STRING)), "text", "Host of a URL.",
             "summarize count() by url_host(http.url)", keeps_empty=True, worked=(('url_host("https://shop.example:81/cart?id=1")', '"shop.example"'),)),
    Function("url_path", (_S,), sparse_type, sparse(plain("path", SPARSE_STRING)), "text", "Path of a URL, without the query.",
             "summarize count() by url_path(http.url)", keeps_empty=True, worked=(('url_path("https://shop.example/cart?id=1")', '"/cart"'),)),
    Function("url_query", (_S,), sparse_type, sparse(plain("queryString", SPARSE_STRING)), "text", "What stands behind the ? of a URL, without the fragment.",
             "extend q = url_query(http.url)", keeps_empty=True, worked=(('url_query("https://shop.example/cart?id=1#top")', '"id=1"'),)),
    Function("url_param", (_S, Arg("name", Want.TEXT)), sparse_type, sparse(_url_param), "text", "A parameter of the query of a URL, decoded; null when absent or empty.",
             'summarize count() by url_param(http.url, "id")', keeps_empty=True, worked=(('url_param("https://a.example/?q=caf%C3%A9&id=1", "q")', '"café"'),)),
)  # fmt: skip
