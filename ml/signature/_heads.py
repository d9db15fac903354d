"""What the head of a crash report looks like: one table, read from top to bottom at each line.

Sources of the formats: compiler-rt's report functions (asan, ubsan, msan, tsan, lsan, hwasan), libFuzzer, Linux'
`lib/bug.c` and `mm/kasan/report.c`, Go's `runtime/panic.go`, Rust's `std::panicking`, V8's `base/logging.cc`,
Chromium's `base/logging.cc`, glibc's and GLib's assertions, Android's debuggerd, WinDbg's `!analyze`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ml.signature._model import Signature

_NULL_PAGE: Final = 0x1000
_MAX_NUMBER: Final = 10**4


class Rank(IntEnum):
    """How much a head tells: a signal is what a failed check ends in, so the check is the crash."""

    SIGNAL = 1
    FINDING = 2


@dataclass(frozen=True, slots=True)
class Head:
    """One kind of head.

    Attributes:
        pattern: found anywhere in a line.
        rank: see `Rank`.
        make: gives the signature so far.
        frames: whether the frames of a report with this head mean something.
    """

    pattern: re.Pattern[str]
    rank: Rank
    make: Callable[[re.Match[str]], Signature]
    frames: bool = True


def numberless(text: str) -> str:
    """A message with all its free-standing numbers as NUMBER."""
    return re.sub(r"(?<![\w.])\d+(?![\w.]*\()", "NUMBER", text)


def titled(words: str) -> str:
    """`heap-use-after-free` as `Heap-use-after-free`."""
    return words[:1].upper() + words[1:]


def reasoned(text: str, file: str = "") -> str:
    """A condition without what changes: values compared, long numbers, addresses; with its file's name."""
    text = " ".join(text.split())
    compared = re.search(r" vs\.? ", text)
    if compared is not None and (start := text.rfind(" (", 0, compared.start())) > 0:
        text = text[:start]
    text = re.sub(r"0[xX][0-9a-fA-F]{4,}", "ADDRESS", text)
    text = re.sub(r"(?<![\w.])\d{4,}(?![\w.])", "NUMBER", text).strip().rstrip(".")
    name = re.split(r"[\\/]", file.strip())[-1]
    return f"{text} in {name}" if text and name else text or name


def _simple(kind: str) -> Callable[[re.Match[str]], Signature]:
    return lambda _: Signature(kind)


def _with_reason(kind: str) -> Callable[[re.Match[str]], Signature]:
    return lambda m: Signature(kind, reason=reasoned(m["what"] or "", m.groupdict().get("file") or ""))


_ASAN_NAMES: Final = {
    "attempting double-free": "Heap-double-free",
    "double-free": "Heap-double-free",
    "attempting free": "Invalid-free",
    "attempting to call malloc_usable_size": "Invalid-malloc-usable-size",
    "unknown-crash": "UNKNOWN",
    "SEGV": "UNKNOWN",
    "access-violation": "UNKNOWN",
    "BUS": "Bus",
    "ILL": "Ill",
    "illegal-instruction": "Ill",
    "ABRT": "Abrt",
    "FPE": "Floating-point-exception",
    "TRAP": "Trap",
    "breakpoint": "Breakpoint",
    "int-divide-by-zero": "Divide-by-zero",
    "stack-overflow": "Stack-overflow",
    "out-of-memory": "Out-of-memory",
    "requested allocation size": "Out-of-memory",
    "allocator is out of memory": "Out-of-memory",
    "calloc-overflow": "Out-of-memory",
    "allocation-size-too-big": "Out-of-memory",
    "use-of-uninitialized-value": "Use-of-uninitialized-value",
}
_SIGNALS: Final = {"UNKNOWN", "Bus", "Ill", "Abrt", "Floating-point-exception", "Trap", "Breakpoint", "Divide-by-zero"}


def _asan_name(words: str) -> str:
    return next(
        (kind for name, kind in _ASAN_NAMES.items() if words.startswith(name)), titled(words.split(" ", maxsplit=1)[0])
    )


def _sanitizer(match: re.Match[str]) -> Signature:
    kind = _asan_name(match["what"])
    address = match["address"]
    if kind == "UNKNOWN" and address and int(address, 16) < _NULL_PAGE:
        kind = "Null-dereference"
    return Signature(kind)


def is_signal(kind: str) -> bool:
    """Whether a kind of the sanitizers is a bare signal."""
    return kind in _SIGNALS or kind == "Null-dereference"


_UBSAN: Final = (
    (r"division by zero|division of .* by zero", "Divide-by-zero"),
    (r"signed integer overflow|negation of .* cannot be represented|division of .* cannot", "Integer-overflow"),
    (r"unsigned integer overflow", "Unsigned-integer-overflow"),
    (r"index .* out of bounds", "Index-out-of-bounds"),
    (r"null pointer (?:passed|returned)", "Invalid-null-argument"),
    (r"(?:load of|reference binding to|member (?:call on|access within)) null pointer", "Null-dereference"),
    (r"store to null pointer", "Null-dereference WRITE"),
    (r"upcast of null pointer", "Upcast-of-null-pointer"),
    (r"misaligned", "Misaligned-address"),
    (r"load of value .* not a valid value for type '?(?:const )?_?[bB]ool", "Invalid-bool-value"),
    (r"load of value .* not a valid value", "Invalid-enum-value"),
    (r"shift exponent|left shift", "Undefined-shift"),
    (r"variable length array bound", "Non-positive-vla-bound-value"),
    (r"outside the range of representable values", "Float-cast-overflow"),
    (r"implicit conversion", "Implicit-conversion"),
    (r"addition of unsigned offset|subtraction of unsigned offset|pointer index expression|applying .*offset",
     "Pointer-overflow"),
    (r"with insufficient space", "Object-size"),
    (r"through pointer to incorrect function type", "Incorrect-function-pointer-type"),
    (r"assumption is violated", "Assumption-violation"),
    (r"execution reached (?:an unreachable|the end of a value)", "Potential-unreachable-code"),
    (r"does not point to an object of type|control flow integrity check", "Bad-cast"),
)  # fmt: skip


def _ubsan(match: re.Match[str]) -> Signature:
    what = match["what"]
    if what.startswith("load of null pointer"):
        return Signature("Null-dereference", "READ")
    kind = next((kind for pattern, kind in _UBSAN if re.search(pattern, what)), "Undefined-behavior")
    kind, _, access = kind.partition(" ")
    cast = re.search(r"(?:object of|check for) type '?(.+?)'?(?: failed|$)", what) if kind == "Bad-cast" else None
    return Signature(kind, access, reason=f"Bad-cast to {cast[1]}" if cast else "")


def _leak(match: re.Match[str]) -> Signature:
    return Signature(f"{match['what']}-leak")


def _race(match: re.Match[str]) -> Signature:
    return Signature(titled(match["what"].replace(" (on vptr)", "")))


def _kasan(match: re.Match[str]) -> Signature:
    return Signature(f"Kernel failure\n{titled(match['what'].strip().replace(' ', '-'))}")


def _kernel(match: re.Match[str]) -> Signature:
    return Signature(f"Kernel failure\n{titled(re.sub(r'(?<=:)[0-9]+', '{*}', match['what'].strip()))}")


def _arm_fault(match: re.Match[str]) -> Signature:
    access = "WRITE" if match["access"].startswith("w") else "READ"
    return Signature(f"Kernel failure\n{access} {titled(match['what'].strip())}")


def _go_panic(match: re.Match[str]) -> Signature:
    what = match["what"].strip()
    runtime = re.match(r"runtime error: ([a-z: ]+?)(?: or nil pointer dereference)?(?: \[|$| out of range)", what)
    if runtime is None:
        return Signature("ASSERT", reason=reasoned(re.sub(r"^\S*Error\{.*|\s*\[recovered\]$", "", what) or what))
    suffix = " out of range" if "out of range" in what and "out of range" not in runtime[1] else ""
    return Signature(titled(runtime[1].strip() + suffix))


def _head(pattern: str, make: Callable[[re.Match[str]], Signature], rank: Rank = Rank.FINDING) -> Head:
    return Head(re.compile(pattern), rank, make)


_FILE: Final = r"(?P<file>[^\s:()\[\]]+)"

HEADS: Final = (
    _head(r"^# Runtime error in", _simple("RUNTIME_ASSERT")),
    _head(r"^# V8 correctness failure", _simple("V8 correctness failure")),
    _head(r"V8 sandbox violation detected", _simple("V8 sandbox violation")),
    _head(r"GpuProcessHost: The GPU process crashed|GPU process (?:exited unexpectedly|has crashed)"
          r"|Lost UI shared context|Exiting GPU process due to errors", _simple("GPU failure"), Rank.SIGNAL),
    _head(r"^# Debug check failed: (?P<what>.*)", _with_reason("DCHECK failure")),
    _head(r"^# (?:Check failed|CHECK failed): (?P<what>.*)", _with_reason("CHECK failure")),
    _head(r"^# (?:Fatal JavaScript|Safely terminating|Fatal process) ", _simple("Out-of-memory")),
    _head(r"^abort: (?P<what>CSA_ASSERT failed.*)", _with_reason("ASSERT")),
    _head(r"\[[^\]]*FATAL:" + _FILE + r"\(\d+\)\] Security (?P<d>D?)CHECK failed: (?P<what>.*)",
          lambda m: Signature(f"Security {m['d']}CHECK failure", reason=reasoned(m["what"], m["file"]))),
    _head(r"\[[^\]]*(?:FATAL|DFATAL):" + _FILE + r"[(:]\d+\)?\] ?(?:NOTREACHED hit\.|(?:D?CHECK"
          r"|Check) failed:) ?(?P<what>.*)",
          _with_reason("CHECK failure")),
    _head(r"\[[^\]]*FATAL:" + _FILE + r"\(\d+\)\] Assert failed: (?P<what>.*)",
          lambda m: Signature("ASSERT", reason=reasoned(m["what"]))),
    _head(r"^F\d{4} [\d:.]+\s+\d+ " + _FILE + r":\d+\] Check failed: (?P<what>.*)", _with_reason("CHECK failure")),
    _head(r"^F\d{4} [\d:.]+\s+\d+ " + _FILE + r":\d+\] (?P<what>.*)", _with_reason("Fatal error")),
    _head(r"(?:^|: )(?P<file>[\w./\-]+):\d+ (?P<what>CHECK\w*\(.*\) failed)", _with_reason("CHECK failure")),
    _head(r"\[[^\]]*FATAL:" + _FILE + r"\(\d+\)\] (?!Out of memory)(?P<what>.*)", _with_reason("CHECK failure")),
    _head(r"(?:===|==\d+==) ?(?:ERROR: libFuzzer|BUG DETECTED): (?P<what>(?:Shell injection|Command injection"
          r"|Arbitrary \w+|"
          r"Shell corruption|PySecSan)[^=:]*)", lambda m: Signature(titled(m["what"].strip().lower()))),
    _head(r"Uncaught (?:Python )?[eE]xception:?", _simple("Uncaught exception")),
    _head(r"Java Exception: (?:[\w.]*FuzzerSecurityIssue\w*|[\w.]*SecurityIssue\w*)", _simple("Security exception")),
    _head(r"Java Exception:", _simple("Uncaught exception")),
    _head(r"FATAL EXCEPTION(?: IN SYSTEM PROCESS)?:", _simple("Fatal Exception")),
    _head(r"runtime error: (?P<what>(?!index out of range|slice bounds|invalid memory|integer divide"
          r"|makeslice).+)", _ubsan),
    _head(r"^panic: (?P<what>.+)", _go_panic),
    _head(r"^fatal error: (?P<what>stack overflow)", lambda _: Signature("Stack overflow")),
    _head(r"^fatal error: (?P<what>.+)", _with_reason("Fatal error")),
    _head(r"thread '[^']*' panicked at '(?P<what>.*?)',? ?\S*$", _with_reason("ASSERT")),
    _head(r"thread '[^']*' panicked at \S+:\d+:\d+:(?P<what>.*)", _with_reason("ASSERT")),
    _head(r"memory allocation of \d+ bytes failed", _simple("Out-of-memory")),
    _head(r"Fatal process (?:OOM|out of memory)|JavaScript heap out of memory|V8 javascript OOM",
          _simple("Out-of-memory")),
    _head(r"libFuzzer: out-of-memory|[rR]ss limit exceeded|RSS limit exceeded", _simple("Out-of-memory")),
    _head(r"libFuzzer: timeout|Per-input timeout exceeded|Timeout of \d+ seconds exceeded", _simple("Timeout")),
    _head(r"libFuzzer: (?:fuzz target )?(?:exited|overwrites its const input|fuzz target overwrites)",
          lambda m: Signature("Overwrites-const-input" if "overwrites" in m[0] else "Unexpected-exit")),
    _head(r": [Aa]ssertion [`'](?P<cond>.*?)'? failed",
          lambda m: Signature("ASSERT", reason=reasoned(m["cond"]))),
    _head(r"assertion failed:? \(?(?P<what>.+?)\)?$", _with_reason("ASSERT")),
    _head(r"Assertion failed: (?P<what>[^,]+)", _with_reason("ASSERT")),
    _head(r"^(?:ASSERTION FAILED|\*\*\* \w+ assertion failed): (?P<what>.*)", _with_reason("ASSERT")),
    _head(r"(?P<what>Direct) leak of \d+ byte", _leak),
    _head(r"(?P<what>Indirect) leak of \d+ byte", _leak, Rank.SIGNAL),
    _head(r"WARNING: ThreadSanitizer: (?P<what>[^(]+?)(?: \(pid.*)?$", _race),
    _head(r"WARNING: MemorySanitizer: use-of-uninitialized-value", _simple("Use-of-uninitialized-value")),
    _head(r"BUG: KF?M?[AC]?SAN: (?P<what>.*?) (?:in|on|at) ", _kasan),
    _head(r"kernel BUG at (?P<what>\S+)", _kernel),
    _head(r"(?P<what>general protection fault)", _kasan),
    _head(r"Kernel panic - not syncing: (?P<what>.*)", _kernel),
    _head(r"Unable to handle kernel (?P<what>.*?) at virtual address", _kernel, Rank.SIGNAL),
    _head(r"Trusted App crash", _simple("Trusted app crash")),
    _head(r"CANNOT LINK EXECUTABLE [^:]*: library \"(?P<what>[^\"]+)\""
          r"|libraries: (?P<what2>[\w.+\-]+): cannot open shared object",
          lambda m: Signature("Missing-library", reason=m["what"] or m["what2"])),
    _head(r"(?:Address|HWAddress|Memory|Thread|UndefinedBehavior)Sanitizer:? (?!DEADLY|can ?not|failed|CHECK"
          r"|initialized)(?P<what>[a-zA-Z][\w \-]*?)"
          r"(?: \((?!pc)\S*\))?(?:(?: on)?(?: unknown)? address (?P<address>0x[0-9a-fA-F]+)| on |: | in | \("
          r"|$)", _sanitizer),
    _head(r"Access violation - code c0000005", _simple("READ"), Rank.SIGNAL),
    _head(r"Stack overflow - code c00000fd", _simple("Stack-overflow")),
    _head(r"Integer divide-by-zero - code c0000094", _simple("Divide-by-zero")),
    _head(r"Integer overflow - code c0000095", _simple("Integer-overflow")),
    _head(r"code c0000374", _simple("Heap-corruption")),
    _head(r"Program received signal (?P<what>SIG\w+)", lambda m: Signature(m["what"])),
    _head(r"libFuzzer: deadly signal", _simple("Fatal-signal"), Rank.SIGNAL),
    _head(r"Received signal 11 SEGV|Fatal signal 11|Segmentation fault|^SIGSEGV"
          r"|signal 11 \(SIGSEGV\)", _simple("UNKNOWN"), Rank.SIGNAL),
    _head(r"Received signal 6|Fatal signal 6|signal 6 \(SIGABRT\)", _simple("Abrt"), Rank.SIGNAL),
    _head(r"Received signal 7|signal 7 \(SIGBUS\)", _simple("Bus"), Rank.SIGNAL),
    _head(r"Received signal 4 ILL|signal 4 \(SIGILL\)", _simple("Ill"), Rank.SIGNAL),
    _head(r"^(?:[a-z_]\w*\.)+[A-Z]\w*(?:Exception|Error)(?::|$)", _simple("Uncaught exception"), Rank.SIGNAL),
    _head(r"^Traceback \(most recent call last\)", _simple("Uncaught exception"), Rank.SIGNAL),
)  # fmt: skip
"""The first that is found in a line is meant."""
