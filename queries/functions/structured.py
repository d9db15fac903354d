"""Text with a structure: versions, IP addresses, JSON; and arrays."""

# ruff: noqa: E501 - the table reads best with one declaration in one place
from __future__ import annotations

import ipaddress
import re
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from queries.functions.model import Arg, Bound, Build, Function, Want, always, follow, like, same_as_first
from queries.functions.texts import TEXTS, as_text, filled, offset, sparse, sparse_type, whole
from queries.types import BOOLEAN, INTEGER, NULLABLE_STRING, STRING, Base, Missing, ValueType
from queries.values.calls import call, mapping, variable
from queries.values.typed import Typed
from queries.versions import BUILD_PART, NUMBERS, PACKAGE_PART, VERSION_PART

_NULLABLE_INTEGER = ValueType(Base.INTEGER, missing=Missing.NULL)
VERSION_PARTS = ("major", "minor", "patch", "revision", "prerelease", "build", "package", "version")


def _or_null(condition: ir.Value, value: ir.Value, type_: ValueType = NULLABLE_STRING) -> ir.Value:
    return call("if", type_, condition, value, ibis.null())


def _counted(digits: ir.Value) -> ir.Value:
    """Return digits so that they sort as numbers: how many there are without leading zeros, then they."""
    bare = call("trimLeft", STRING, digits, "0")
    size = call("leftPad", STRING, call("toString", STRING, call("length", INTEGER, bare)), 2, "0")
    return call("concat", STRING, size, bare)


def version_key(text: ir.Value) -> ir.Value:
    """Return a text that sorts as versions do (semantic versioning 2.0.0, rule 11; `queries.versions`), null for others.

    Four counted numbers; then `~` for a finished version, or `-` and the identifiers of the pre-release between `!`:
    `0` and the counted number, or `1` and the text. All these signs sort as the rule wants.
    """
    version = call("extract", STRING, text, VERSION_PART)
    numbers = call("splitByString", TEXTS, ".", call("extract", STRING, version, "^[^-]*"))
    four = call("arrayResize", TEXTS, numbers, NUMBERS, "")
    digits = variable("digits", STRING)
    counted = mapping("arrayMap", TEXTS, _counted(digits), (digits,), four)
    identifier = variable("identifier", STRING)
    numeric = call("concat", STRING, "0", _counted(identifier))
    other = call("concat", STRING, "1", identifier)
    sortable = call("if", STRING, call("match", BOOLEAN, identifier, "^[0-9]+$"), numeric, other)
    before = mapping("arrayMap", TEXTS, sortable, (identifier,), call("splitByString", TEXTS, ".", _before(version)))
    unfinished = call("concat", STRING, "-", call("arrayStringConcat", STRING, before, "!"))
    rest = call("if", STRING, call("position", INTEGER, version, "-") == 0, "~", unfinished)
    return _or_null(version != "", call("concat", STRING, call("arrayStringConcat", STRING, counted), rest))


def _before(version: ir.Value) -> ir.Value:
    return call("extract", STRING, version, "^[^-]*-(.*)$")


def _semver(bound: Bound) -> ir.Value:
    return version_key(filled(bound.args[0]))


def _semver_compare(bound: Bound) -> ir.Value:
    left, right = (version_key(filled(item)) for item in bound.args)
    order = call("toInt64", INTEGER, left > right) - call("toInt64", INTEGER, left < right)
    return _or_null(left.notnull() & right.notnull(), order, _NULLABLE_INTEGER)


def _semver_part(bound: Bound) -> ir.Value:
    text, part = filled(bound.args[0]), bound.text(1)
    version = call("extract", STRING, text, VERSION_PART)
    match part:
        case "version":
            return version
        case "prerelease":
            return _before(version)
        case "build" | "package":
            return call("extract", STRING, text, BUILD_PART if part == "build" else PACKAGE_PART)
        case _:
            place = VERSION_PARTS.index(part) + 1
            numbers = call("splitByString", TEXTS, ".", call("extract", STRING, version, "^[^-]*"))
            number = call("arrayElement", STRING, numbers, place)
            return call("if", STRING, (version != "") & (number == ""), "0", number)


def _subnet(bound: Bound) -> ir.Value:
    text = filled(bound.args[0])
    four, six = int(bound.within(1, 24, (0, 32))), int(bound.within(2, 64, (0, 128)))
    made = []
    for kind, bits in (("4", four), ("6", six)):
        address = call(f"toIPv{kind}OrDefault", STRING, text)
        first = call(
            "tupleElement", STRING, call(f"IPv{kind}CIDRToRange", STRING, address, call("toUInt8", INTEGER, bits)), 1
        )
        made.append(call("concat", STRING, call("toString", STRING, first), f"/{bits}"))
    other = _or_null(call("isIPv6String", BOOLEAN, text), made[1])
    return call("if", NULLABLE_STRING, call("isIPv4String", BOOLEAN, text), made[0], other)


def _ip_in(bound: Bound) -> ir.Value:
    text = filled(bound.args[0])
    try:
        network = ipaddress.ip_network(bound.text(1), strict=False)
    except ValueError:
        raise ValueError('takes a network such as "10.0.0.0/8"') from None
    valid = call("isIPv4String", BOOLEAN, text) | call("isIPv6String", BOOLEAN, text)
    # The engine throws at what is no address, in whichever branch it stands.
    address = call("if", STRING, valid, text, "0.0.0.0")  # noqa: S104 - an address, nothing listens on it
    return valid & call("isIPAddressInRange", BOOLEAN, address, str(network))


JSON_TYPES = {
    "text": (Base.STRING, "Nullable(String)"),
    "number": (Base.FLOAT, "Nullable(Float64)"),
    "integer": (Base.INTEGER, "Nullable(Int64)"),
    "boolean": (Base.BOOLEAN, "Nullable(Bool)"),
    "texts": (Base.ARRAY, "Array(String)"),
}
_PATH = re.compile(r'\.?([^.\[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(-?[0-9]{1,9})\]')


def json_path(path: str) -> list[str | int]:
    """Return the keys and 1-based places of a path such as `$.user.tags[0]["a.b"]`; negative places count from the end.

    Raises:
        ValueError: it is no path.
    """
    rest = path.removeprefix("$")
    steps: list[str | int] = []
    position = 0
    while position < len(rest):
        found = _PATH.match(rest, position)
        if found is None:
            raise ValueError('takes a path such as "user.tags[0].name"')
        key, quoted, place = found.groups()
        if place is not None:
            steps.append(int(place) + 1 if int(place) >= 0 else int(place))
        else:
            steps.append(key if key is not None else re.sub(r"\\(.)", r"\1", quoted))
        position = found.end()
    return steps


def _json(bound: Bound) -> ir.Value:
    kind = bound.text(2, "text")
    return call(
        "JSONExtract", _json_type(bound.args), filled(bound.args[0]), *json_path(bound.text(1)), JSON_TYPES[kind][1]
    )


def _json_type(args: tuple[Typed, ...]) -> ValueType:
    base, _ = JSON_TYPES[str(args[2].constant) if len(args) > 2 else "text"]
    return TEXTS if base is Base.ARRAY else ValueType(base, missing=Missing.NULL)


def _element_type(args: tuple[Typed, ...]) -> ValueType:
    return ValueType(args[0].type.element or Base.STRING, args[0].type.unit, Missing.NULL)


def _end(place: int) -> Build:
    return lambda b: call("arrayElementOrNull", _element_type(b.args), b.args[0].value, place)


def _has(bound: Bound) -> ir.Value:
    array, item = bound.args
    wanted = array.type.element or Base.STRING
    if {wanted, item.type.base} not in ({wanted}, {Base.INTEGER, Base.FLOAT}):
        raise ValueError(f"looks for {item.type.describe()} in an array of {wanted.value}")
    return call("has", BOOLEAN, array.value, item.value)


def _slice(bound: Bound) -> ir.Value:
    length = bound.arg(2)
    rest = [] if length is None else [whole(length)]
    return call("arraySlice", bound.args[0].type, bound.args[0].value, offset(bound.args[1]), *rest)


def _join(bound: Bound) -> ir.Value:
    array = bound.args[0]
    value = array.value
    if array.type.element is not Base.STRING:
        one = variable("element", replace(STRING, base=array.type.element or Base.STRING))
        value = mapping(
            "arrayMap", TEXTS, as_text(Typed(one, ValueType(array.type.element or Base.STRING))), (one,), value
        )
    return call("arrayStringConcat", STRING, value, bound.text(1, ","))


def _sort(bound: Bound) -> ir.Value:
    name = "arrayReverseSort" if bound.text(1, "asc") == "desc" else "arraySort"
    return call(name, bound.args[0].type, bound.args[0].value)


_S = Arg("text", Want.STRING)
_A = Arg("array", Want.ARRAY)

STRUCTURED = (
    Function("semver", (_S,), always(NULLABLE_STRING), _semver, "text",
             "A text that sorts as the version in a release does (semantic versioning; a package before @ and the build do not count); null for what is no version.",
             "extend v = semver(release) | sort v desc", worked=(('semver("shop@1.10.0") > semver("shop@1.9.0")', "true"), ('semver("1.0.0-rc.1") < semver("1.0.0")', "true"), ('semver("latest")', "null"))),
    Function("semver_compare", (Arg("a", Want.STRING), Arg("b", Want.STRING)), always(_NULLABLE_INTEGER), _semver_compare, "plain number",
             "-1, 0 or 1 as version a is older than, as old as or newer than b; null when one is no version.", 'where semver_compare(release, "1.10.0") >= 0',
             worked=(('semver_compare("shop@1.2.0", "1.10")', "-1"), ('semver_compare("2.0.0+5", "2.0.0")', "0"))),
    Function("semver_part", (_S, Arg("part", Want.WORD, words=VERSION_PARTS)), sparse_type, sparse(_semver_part), "text",
             "A part of the version in a release: major, minor, patch, revision, prerelease, build, package or the whole version.", "summarize count() by semver_part(release, minor)",
             keeps_empty=True, worked=(('semver_part("shop@1.2.3-rc.1+77", minor)', '"2"'), ('semver_part("shop@1.2.3-rc.1+77", prerelease)', '"rc.1"'), ('semver_part("shop@1.2", patch)', '"0"'))),
    Function("ip_subnet", (Arg("ip", Want.STRING), Arg("bits", Want.COUNT, optional=True), Arg("bits6", Want.COUNT, optional=True)), always(NULLABLE_STRING), _subnet, "text",
             "The network an address is in: its first 24 bits, 64 of IPv6, or as many as are given; null for what is no address.", "summarize count() by ip_subnet(user.ip)",
             worked=(('ip_subnet("10.1.2.3")', '"10.1.2.0/24"'), ('ip_subnet("10.1.2.3", 8)', '"10.0.0.0/8"'), ('ip_subnet("2001:db8::1")', '"2001:db8::/64"'))),
    Function("ip_in", (Arg("ip", Want.STRING), Arg("network", Want.TEXT)), always(BOOLEAN), _ip_in, "condition",
             "Whether an address is in a network; what is no address is in none.", 'where ip_in(user.ip, "10.0.0.0/8")', worked=(('ip_in("10.1.2.3", "10.0.0.0/8")', "true"), ('ip_in("x", "10.0.0.0/8")', "false"))),
    Function("json", (_S, Arg("path", Want.TEXT), Arg("type", Want.WORD, optional=True, words=tuple(JSON_TYPES))), _json_type, _json, "of the type asked for",
             'What stands at a path ("user.tags[0]", "[\\"a.b\\"]") of a JSON text, as text, number, integer, boolean or texts; null when it is not there or of another type.',
             'extend build = json(payload, "contexts.app.app_build")',
             worked=(('json("{\\"a\\": {\\"b\\": [1, 2.5]}}", "a.b[1]", number)', "2.5"), ('json("{\\"a\\": {\\"b\\": 1}}", "a")', '"{\\"b\\":1}"'), ('json("no json", "a")', "null"))),
    Function("has", (_A, Arg("x", Want.ANY)), like(BOOLEAN), _has, "condition", "Whether a value is among the elements of an array.",
             'where has(stack.function, "charge")', worked=(('has(split("a,b", ","), "b")', "true"),)),
    Function("first", (_A,), _element_type, _end(1), "of the elements", "First element; null of an empty array.", "extend outer = first(stack.function)",
             worked=(('first(split("a,b", ","))', '"a"'),)),
    Function("last", (_A,), _element_type, _end(-1), "of the elements", "Last element; null of an empty array.", "extend inner = last(stack.function)",
             worked=(('last(split("a,b", ","))', '"b"'),)),
    Function("slice", (_A, Arg("start", Want.NUMBER), Arg("length", Want.NUMBER, optional=True)), same_as_first, _slice, "of the elements",
             "Some elements, from a place counted from 0, or from the end when negative.", "extend inner = slice(stack.function, -3)",
             worked=(('slice(split("a,b,c", ","), 1)', '["b", "c"]'), ('slice(split("a,b,c", ","), -2, 1)', '["b"]'))),
    Function("join", (_A, Arg("separator", Want.TEXT, optional=True)), always(STRING), _join, "text", "The elements as one text, with commas or another separator between them.",
             'extend chain = join(stack.function, " > ")', worked=(('join(split("a,b", ","), "-")', '"a-b"'),)),
    Function("distinct", (_A,), same_as_first, follow("arrayDistinct"), "of the elements", "The different elements, in the order they come first.", "extend modules = distinct(stack.module)",
             worked=(('distinct(split("b,a,b", ","))', '["b", "a"]'),)),
    Function("sort", (_A, Arg("order", Want.WORD, optional=True, words=("asc", "desc"))), same_as_first, _sort, "of the elements", 'The elements in order; "desc" turns it round.',
             "extend modules = sort(stack.module)", worked=(('sort(split("b,a", ","))', '["a", "b"]'), ('sort(split("a,b", ","), "desc")', '["b", "a"]'))),
)  # fmt: skip
