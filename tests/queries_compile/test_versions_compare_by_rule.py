"""The patterns of versions accept exactly what semantic versioning's order says, in Python and in the engine."""

from __future__ import annotations

import re
from functools import cmp_to_key

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.eventstore import EventStore
from queries.ast import Op
from queries.versions import (
    BUILD_PART,
    PACKAGE_PART,
    VERSION_PART,
    Version,
    number_pattern,
    parse_version,
    version_pattern,
)

OPS = {Op.EQ: {0}, Op.NE: {0}, Op.LT: {-1}, Op.LE: {-1, 0}, Op.GT: {1}, Op.GE: {0, 1}}
NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 12000), st.just(2**63), st.just(10**25))
IDENTIFIERS = st.one_of(
    st.integers(0, 130).map(str),
    st.text("ab01-Z", min_size=1, max_size=4),
    st.sampled_from(["alpha", "beta", "rc", "rc1", "--"]),
)
VERSIONS = st.builds(
    lambda numbers, before: ".".join(map(str, numbers)) + (f"-{'.'.join(before)}" if before else ""),
    st.lists(NUMBERS, min_size=1, max_size=4),
    st.lists(IDENTIFIERS, max_size=3),
)


def compared(left: str, right: str) -> int:
    """Order two versions by rule 11, written from its text and without the module's own key."""
    (one, _, one_before), (two, _, two_before) = left.partition("-"), right.partition("-")
    for a, b in zip(padded(one), padded(two), strict=True):
        if a != b:
            return 1 if a > b else -1
    if not one_before or not two_before:
        return bool(two_before) - bool(one_before)
    ones, twos = one_before.split("."), two_before.split(".")
    for a, b in zip(ones, twos, strict=False):
        if a.isdigit() and b.isdigit():
            if int(a) != int(b):
                return 1 if int(a) > int(b) else -1
        elif a.isdigit() != b.isdigit():
            return -1 if a.isdigit() else 1
        elif a != b:
            return 1 if a > b else -1
    return (len(ones) > len(twos)) - (len(ones) < len(twos))


def padded(numbers: str) -> list[int]:
    found = [int(n) for n in numbers.split(".")]
    return found + [0] * (4 - len(found))


def version(text: str) -> Version:
    found = parse_version(text)
    assert found is not None
    return found


@given(VERSIONS, VERSIONS)
@settings(deadline=None)
def test_a_pattern_accepts_what_the_rule_orders_so(left: str, right: str) -> None:
    """For each sign, with and without package and build."""
    order = compared(left, right)
    for op, wanted in OPS.items():
        pattern = version_pattern(op, version(right))
        for release in (left, f"shop@{left}", f"@scope/shop@v{left}+build.7"):
            assert bool(re.search(pattern, release)) == (order in wanted), (op, release, right, pattern)


@given(VERSIONS, VERSIONS)
@settings(deadline=None)
def test_the_key_sorts_as_the_rule_does(left: str, right: str) -> None:
    """What is newest is found with it."""
    one, two = version(left).key(), version(right).key()
    assert (one > two) - (one < two) == compared(left, right)


@given(st.integers(0, 10**20), st.integers(0, 10**20), st.integers(0, 3))
@settings(deadline=None)
def test_a_number_pattern_accepts_what_compares_so(left: int, right: int, zeros: int) -> None:
    """Leading zeros count for nothing."""
    order = (left > right) - (left < right)
    for op, wanted in OPS.items():
        assert bool(re.search(number_pattern(op, right), "0" * zeros + str(left))) == (order in wanted)


def test_the_example_of_the_rule_is_in_order() -> None:
    """1.0.0-alpha < 1.0.0-alpha.1 < … < 1.0.0, as the specification lists them."""
    listed = ["alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1"]
    names = [*(f"1.0.0-{before}" for before in listed), "1.0.0"]
    assert sorted(names[1::2] + names[::2], key=cmp_to_key(compared)) == names
    for place, name in enumerate(names):
        pattern = version_pattern(Op.LT, version(name))
        assert [n for n in names if re.search(pattern, n)] == names[:place]


def test_a_package_that_is_named_is_kept_to() -> None:
    """`shop@1.2` compares with versions of shop alone."""
    pattern = version_pattern(Op.GE, version("shop@1.2"))
    assert re.search(pattern, "shop@1.10.0")
    assert not re.search(pattern, "cart@1.10.0")
    assert not re.search(pattern, "my.shop@1.10.0")


@pytest.mark.parametrize("name", ["", "shop@", "shop@deadbeef", "1.2.3.4.5", "1.2.3-", "1.2 3", "shop@1.2.3-a..b"])
def test_what_is_no_version_compares_with_none(name: str) -> None:
    """Commit hashes and the like are neither greater nor less."""
    assert parse_version(name) is None
    assert not any(re.search(version_pattern(op, version("1.2.3")), name) for op in OPS)


def test_the_engine_reads_the_patterns_alike(event_store: EventStore) -> None:
    """RE2 and Python agree on every pair of a list of releases, and on the parts of each."""
    names = [
        "1", "1.0", "1.2.3", "1.10.0", "shop@1.2.3-alpha", "shop@1.2.3-alpha.1", "shop@1.2.3-rc.10", "shop@1.2.3-rc.9",
        "v2.0.0+7", "shop@99999999999999999999.1", "shop@deadbeef", "shop@1.2.3-01a", "shop@1.2.3--", "a\nb@1.0", "",
    ]  # fmt: skip
    patterns = [version_pattern(op, version(name)) for op in OPS for name in names if parse_version(name)]
    patterns += [VERSION_PART, PACKAGE_PART, BUILD_PART]
    sql = "SELECT arrayMap(p -> arrayMap(n -> match(n, p), {names:Array(String)}), {patterns:Array(String)}) AS found"
    answer: pa.Table = event_store.query(sql, {"names": names, "patterns": patterns}).table
    found = answer["found"].to_pylist()[0]
    for pattern, row in zip(patterns, found, strict=True):
        dotall = re.compile(pattern.replace("$", r"\Z"), re.DOTALL)
        assert [bool(hit) for hit in row] == [bool(dotall.search(name)) for name in names], pattern
