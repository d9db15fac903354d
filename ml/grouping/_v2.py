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
    overflows=(
        r"Recursion|[Ss]tack.?[Oo]verflow|SystemStackError|InsufficientExecutionStack|^(?:RangeError|InternalError|"
        r"SIG\w+|EXC_\w+|[Ss]egfault|Segmentation fault|0x[0-9a-f]+.*|)$"
    ),
    assertions=r"Assert|ComparisonFailure|Expectation(?:Not|Failed|Error)",
    enough_asserted=2.0,
)

_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?: ?[AaPp]\.?[Mm]\b\.?)?"
_MONTH: Final = (
    r"(?:jan|feb|m[a\u00e4]r|apr|may|mai|jun|jul|aug|sep|o[ck]t|nov|de[cz]|f[e\u00e9]v|avr|juin|ao[u\u00fb]t"
    r"|d\u00e9c|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|out)[a-z\u00e0-\u00ff]{0,7}\.?"
)
_DATE_IN_WORDS: Final = (
    rf"(?i:(?<!\w)(?:\d{{1,2}}(?:\.|st|nd|rd|th)?[ \-/](?:de )?{_MONTH}(?: de)?,?[ \-/]\d{{4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})(?!\w)(?:,? (?:at )?{_CLOCK})?)"
)
_IP6: Final = (
    r"(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]{1,4}:){7})(?=[a-fA-F:]*\d)[0-9a-fA-F]{0,4}(?:::?[0-9a-fA-F]{1,4}){1,8}"
)
_PRE_RELEASE: Final = r"(?i:alpha|beta|rc|pre|preview|dev|snapshot|canary|nightly|final|ga|release|post|a|b|m)"

_EXTRA_MASKS: Final = (
    ("keep_reading", r"\((?:reading|setting|evaluating) '[A-Za-z_$][\w$]{0,60}'\)"),
    ("keep_code", r"\b(?i:error) #\d{1,5}(?![\w#])"),
    ("url_list", r"(?<![\w.+\-])https?://[^\s\"'<>()]*\[\][^\s\"'<>]*"),
    ("n_jwt", r"(?<![\w\-])eyJ[\w\-]{8,}\.[\w\-]+(?:\.[\w\-]*)*"),
    ("n_token", r"(?<![\w/+=.\-])(?=[A-Za-z0-9+/_\-]*\d[A-Za-z0-9+/_\-]*[A-Za-z])[A-Za-z0-9+/_\-]{32,}={0,2}(?![\w])"),
    ("host_pod", r"(?<![\w.\-])[a-z][a-z0-9]*(?:-[a-z0-9]+){0,6}-[0-9a-f]{8,10}-[a-z0-9]{5}(?![\w\-])"),
    ("host_ec2", r"(?<![\w.\-])ip(?:-\d{1,3}){4}(?:\.[\w.\-]+)?(?![\w\-])"),
    (
        "host_country",
        r"(?<![\w.\-@])(?:[A-Za-z0-9][A-Za-z0-9\-]{0,62}\.){1,8}(?:com?|org|net|ac|gov|edu)\.[a-z]{2}(?::\d{1,5})?(?![\w\-(.])",
    ),
    ("mac", r"(?<![\w:\-])[0-9a-fA-F]{2}(?:(?::[0-9a-fA-F]{2}){5,7}|(?:-[0-9a-fA-F]{2}){5,7})(?![\w:\-])"),
    ("ip_6port", rf"(?<![\w:.\[])(?:\[{_IP6}(?:%\w+)?\]|{_IP6}(?:%\w+)?)(?::\d{{1,5}})?(?![\w:])"),
    ("email_name", r"(?<![\w.+\-'])[\w.+\-]{1,64}'[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}"),
    ("date_words", _DATE_IN_WORDS),
    ("date_dashed", rf"(?<![\w.\-])\d{{1,2}}-\d{{1,2}}-\d{{4}}(?![\w\-])(?:,? {_CLOCK})?"),
    ("date_signs", r"\d{4}[\u5e74\ub144] ?\d{1,2}[\u6708\uc6d4] ?\d{1,2}[\u65e5\uc77c]"),
    ("date_half", r"(?<![\d:.])\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)? ?(?:[AP]\.?M\b\.?|[ap]\.?m\b\.?)"),
    ("n_version", rf"(?<![\w.])v?\d+(?:\.\d+){{1,3}}[\-.+]?{_PRE_RELEASE}(?:[.\-]?\d+)*(?![\w])"),
    ("n_arabic", r"(?<!\w)\d[\d\u066c\u060c]*(?:[\u066b\u066c]\d+)+(?!\w)"),
    ("size_b", r"(?<![\w.])\d+(?:[.,]\d+)? ?B(?!\w)"),
    ("n_apart", r"(?<![\w.,])[-+]?\d{1,3}(?:[ \u00a0\u202f\u2009'\u2019]\d{3})+(?:[.,]\d+)?(?![\w])"),
)
"""Found before the masks of version 1: property names of code stay, and numbers of errors such as `React error #31`;
tokens, machines, addresses, dates in other notations and numbers of other regions go."""

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
