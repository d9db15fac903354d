"""Grouping version 2, as data: what differs from version 1. Frozen once released, as every version is.

The constants of `EVIDENCE` were chosen on six of the eleven public projects of `defects4j-errors` (Chart, Collections,
Gson, JxPath, Math, Time) and then scored on the other five; docs/explanation/grouping.md has both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ml.grouping._rules import Evidence
from ml.grouping._v1 import V1
from ml.grouping._v2_names import (
    ANONYMOUS,
    FILE_REWRITES,
    FUNCTION_REWRITES,
    PLACE_REWRITES,
    REWRITABLE,
    REWRITABLE_PLACE,
)
from ml.grouping._v2_plumbing import FILES, FUNCTIONS, MODULES, PATTERNS

_GUARDS: Final = (
    r"(?:^|[.:#$ ])_*(?:check|verify|validate|ensure|require|assert|throw|raise|fail|panic|abort|expect|must|guard|"
    r"reject|deny|complain|report|error|die|bail|unexpected|illegal|invalid|unsupported|warn|on_?[eE]rror|"
    r"handle_?[eE]rror)(?![a-z])[^.:#]*$"
    r"|(?:Error|Exception|Failure|Fault)s?$|(?:_error|_exception|_or_(?:raise|throw|die|fail))$"
    r"|Or(?:Throw|Fail|Die|Raise)$"
)

_GENERIC: Final = frozenset(
    {
        "get", "set", "add", "put", "remove", "delete", "next", "run", "call", "apply", "invoke", "execute", "exec",
        "process", "handle", "accept", "visit", "do", "init", "<init>", "<clinit>", "new", "equals", "hashCode",
        "toString", "compareTo", "compare", "close", "open", "read", "write", "parse", "format", "load", "save",
        "create", "build", "make", "start", "stop", "update", "test", "to", "from", "of", "clone", "copy", "value",
        "index", "find", "contains", "size", "length", "iterator", "each", "map", "filter", "reduce", "forEach",
        "then", "resolve", "main", "perform", "dispatch", "send", "receive", "request", "emit", "fire", "notify",
        "traverse", "walk", "lookup", "at", "__init__", "__call__", "__enter__", "__exit__", "__getattr__",
        "__getitem__", "__setitem__", "__iter__", "__next__", "__new__", "constructor", "render", "query", "fetch",
        "operator()", "ctor", ".ctor", ".cctor", "initialize", "__construct", "__invoke", "Invoke", "Execute", "Run",
    }
)  # fmt: skip

EVIDENCE: Final = Evidence(
    guards=_GUARDS,
    generic=_GENERIC,
    generic_worth=0.5,
    anonymous_worth=0.25,
    enough=1.0,
    cycle_repeats=20,
    cycle_share=0.25,
    assertions=r"Assert|ComparisonFailure|Expectation(?:Not|Failed|Error)",
    enough_asserted=2.0,
)

_EXTRA_MASKS: Final = (
    ("keep_reading", r"\((?:reading|setting|evaluating) '[A-Za-z_$][\w$]{0,60}'\)"),
    ("n_token", r"(?<![\w/+=.\-])(?=[A-Za-z0-9+/_\-]*\d[A-Za-z0-9+/_\-]*[A-Za-z])[A-Za-z0-9+/_\-]{32,}={0,2}(?![\w])"),
    ("host_pod", r"(?<![\w.\-])[a-z][a-z0-9]*(?:-[a-z0-9]+){0,6}-[0-9a-f]{8,10}-[a-z0-9]{5}(?![\w\-])"),
    ("host_ec2", r"(?<![\w.\-])ip(?:-\d{1,3}){4}(?:\.[\w.\-]+)?(?![\w\-])"),
    ("n_apart", r"(?<![\w.,])[-+]?\d{1,3}(?:[ \u00a0\u202f\u2009']\d{3})+(?:[.,]\d+)?(?![\w])"),
)
"""Found before the masks of version 1: property names of code stay, tokens, pods and spaced numbers go."""

V2: Final = replace(
    V1,
    name="v2",
    masks=(*_EXTRA_MASKS, *V1.masks),
    rewritable_name=REWRITABLE,
    function_rewrites=FUNCTION_REWRITES,
    file_rewrites=FILE_REWRITES,
    anonymous_functions=ANONYMOUS,
    plumbing_modules=(*V1.plumbing_modules, *MODULES),
    plumbing_functions=V1.plumbing_functions - {"invokeSuspend"} | FUNCTIONS,
    plumbing_files=(*V1.plumbing_files, *FILES),
    plumbing_patterns=(*V1.plumbing_patterns, *PATTERNS),
    place_rewrites=PLACE_REWRITES,
    rewritable_place=REWRITABLE_PLACE,
    chain="root",
    evidence=EVIDENCE,
    reports=True,
)
