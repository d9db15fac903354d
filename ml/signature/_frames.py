"""Frames of crash reports: their formats, and which of them never tell a cause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_HEX: Final = r"0x[0-9a-fA-F*]+"
_PLACE: Final = re.compile(
    r"\(?(?:/|[A-Za-z]:\\|\.{1,2}/|https?://)\S*|[\w.+\-/\\@]+\.\w{1,8}(?::[\d?]+){1,2}"
    r"|[\w.+\-]+[/\\][\w.+\-@/\\]+(?::\d+){0,2}"
    r"|\(\S*\+0x[0-9a-fA-F]+\)|<{1,2}[\w.+\-]*>{1,2}(?:\+0x[0-9a-fA-F]+)?|<null>|_asan_rtl_|ld-temp\.o:\?"
    r"|module>\)|[0-9a-f]{16,40}\)|\(\.llvm\.\d+\)"
)
_OPENING: Final = re.compile(r"\(BuildId:$|\(<unknown$|\(discriminator$")


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack.

    Attributes:
        function: as written, without arguments and place; empty when unknown.
        place: file or module with offset, as far as the line has one.
        index: its number, None in formats without numbers.
        outermost_first: whether the format lists the innermost frame last.
    """

    function: str
    place: str
    index: int | None = None
    outermost_first: bool = False


_NUMBERED = re.compile(
    rf"^\s*(?:\S{{1,40}} )?\s*#(?P<index>\d+)\s+{_HEX}\s*(?:in\s+(?P<rest>\S.*)|(?P<bare>(?!in$)\S.*)|(?:in)?)$"
)
_THREADS = re.compile(
    r"^\s*#(?P<index>\d+)\s+(?P<rest>(?!0x|pc )\S.*\([^\s()]{1,255}\+0x[0-9a-fA-F]+\))(?: \(BuildId: [0-9a-f]+\))?$"
)  # of ThreadSanitizer: no address before the name
_GDB = re.compile(
    rf"^\s*#(?P<index>\d+)\s+(?:{_HEX} in )?(?P<function>[\w:~<>, *&]+?) \((?P<args>[^()]*)\)(?: at (?P<place>\S+))?$"
)
_ANDROID = re.compile(
    r"^\s*#(?P<index>\d+)\s+pc (?P<offset>[0-9a-f]+)\s+(?P<module>\S+)(?: \((?P<function>.+?)(?:\+\d+)?\))?"
)
_TRUSTY = re.compile(rf"^[ku]SP\+{_HEX}: {_HEX} in (?P<rest>\S.*)$")
_JVM = re.compile(r"^\s*at (?P<function>[\w$.<>/@\-]+)\((?P<place>[^)]*)\)")
_NODE = re.compile(r"^\s{2,}at (?:(?:async|new) )?(?P<function>[\w$.<>\[\] ]+?) \((?P<place>[^()]+:\d+:\d+)\)")
_PYTHON = re.compile(r'^\s+File "(?P<place>[^"]+)", line \d+, in (?P<function>\S+)')
_GO = re.compile(r"^(?P<function>[\w.\-/]+\.[\w.*()\-<>]+?)\((?P<args>(?:0x|\.\.\.|\{|\)).*|\))$")
_CDB = re.compile(
    r"^(?:\d+ )?(?:[0-9a-f`]{8,17} ){2}(?P<module>[\w.]+)!(?P<function>[^\s\[]+?)"
    r"(?:\+0x[0-9a-f]+)?(?: \[(?P<place>[^\]]*)\])?$"
)
_KERNEL = re.compile(
    r"^\s*(?:\[<\s*(?:[0-9a-f]+|inlined?)\s*>\] +|(?:RIP|EIP|pc"
    r"|PC is at)[ :]+(?:\S+:)?(?:\[<[0-9a-f]+>\] *)*)?(?P<doubt>\? )?(?P<function>[A-Za-z_][\w.]*)"
    r"\+0x[0-9a-f]+/0x[0-9a-f]+"
    r"(?: \[(?P<module>\w+)\])?(?P<place>.*)$"
)
_GLIBC = re.compile(r"^\s*(?P<place>[^\s()]+)\((?P<function>[\w:~<>]*)\+0x[0-9a-f]+\) ?\[0x[0-9a-f]+\]")
_BRACKETED = re.compile(
    r"^\s*(?P<function>[A-Za-z_~`(][^\[\]]*?)(?:\(\))? \[0x[0-9A-Fa-f]+(?:\+\d+)?\](?: \((?P<place>[^()]*)\))?$"
)
_MAC = re.compile(r"^\d+\s+\S.*?\s+0x[0-9a-f]{8,} (?P<function>\S+) \+ \d+$")


def read_frame(line: str) -> Frame | None:
    """The frame a line is, None when it is none."""
    for pattern in (_NUMBERED, _THREADS, _GDB, _ANDROID, _TRUSTY, _JVM, _NODE, _PYTHON, _CDB, _KERNEL, _GLIBC,
                    _BRACKETED, _MAC, _GO):  # fmt: skip
        if (match := pattern.match(line)) is not None:
            return _made(pattern, match)
    return None


def _made(pattern: re.Pattern[str], match: re.Match[str]) -> Frame:
    found = match.groupdict()
    index = int(found["index"]) if found.get("index") else None
    if pattern in {_NUMBERED, _THREADS, _TRUSTY}:
        rest = found.get("rest") or found.get("bare") or ""
        function, place = split_place(rest)
        return Frame(function, place, index)
    if found.get("doubt"):
        return Frame("", "", index)
    function = found.get("function") or ""
    if pattern is _MAC:
        function = demangled(function)
    if pattern is _GO:
        function = function.rsplit("/", 1)[-1]
    if pattern is _ANDROID and not function:
        return Frame("", f"{found['module']}+0x{found['offset']}", index)
    return Frame(function, (found.get("place") or "").strip(), index, pattern is _PYTHON)


def split_place(rest: str) -> tuple[str, str]:
    """`function(args) file:line` in its parts."""
    if rest.startswith(("(", "/", "[")) or re.match(r"[A-Za-z]:\\", rest):
        return "", rest.strip().strip("()")
    words = rest.split(" ")
    kept = len(words)
    while kept > 1 and (_PLACE.fullmatch(words[kept - 1]) or _OPENING.match(words[kept - 1])):
        kept -= 1
    return " ".join(words[:kept]).strip(), " ".join(words[kept:]).strip().strip("()")


def plain_name(function: str) -> str:
    """A native function's name without its parameters, return type kept as written.

    `(anonymous namespace)::` is left out, `operator()` and template arguments stay.
    """
    name = re.sub(r"\(anonymous(?: namespace)?\)::|`anonymous namespace'::", "", function)
    name = re.sub(r"\+0x[0-9a-fA-F]+$", "", name)
    name = re.sub(r" \[clone [^\]]*\]$|\.(?:part|isra|constprop|localalias)\.\d+$", "", name)
    if re.match(r"[\w\-]+\.\(\*?\w+\)", name):
        return name  # Go: a method of a type
    operator = name.find("operator()")
    start = operator + len("operator()") if operator >= 0 else 0
    depth = 0
    for place in range(start, len(name)):
        mark = name[place]
        if mark == "<" and name[place - 1 : place] not in {"-", ""}:
            depth += 1
        elif mark == ">" and name[place - 1 : place] != "-":
            depth = max(depth - 1, 0)
        elif mark == "(" and not depth:
            cut = name[:place].strip()
            return cut or name
    return name.strip()


def demangled(symbol: str) -> str:
    """A nested C++ name (`_ZN2ui10FlingCurveC2ERK…`) in plain text; other symbols as they are.

    Itanium C++ ABI, section 5.1.2: lengths before names; `C1`, `C2` are constructors, `D0` to `D2` destructors.
    """
    match = re.match(r"_ZNK?(?P<rest>\d.*)", symbol)
    if match is None:
        simple = re.match(r"_Z(\d+)(\w+)", symbol)
        return simple[2][: int(simple[1])] if simple else symbol
    rest, names = match["rest"], list[str]()
    while (length := re.match(r"\d+", rest)) is not None:
        end = length.end() + int(length[0])
        names.append(rest[length.end() : end])
        rest = rest[end:]
    if names and re.match(r"C[1-5]", rest):
        names.append(names[-1])
    elif names and re.match(r"D[0-5]", rest):
        names.append(f"~{names[-1]}")
    return "::".join(name for name in names if not name.startswith("_GLOBAL__N")) or symbol


_NOISE: Final = re.compile(
    r"^(?:"
    # allocation, memory, strings, unwinding
    r"operator (?:new|delete)\b.*|operator(?:\(\)|\[\]|->|\*|=|==|!=|<|>|<<)?|_?_?(?:libc_|tc_|je_"
    r"|interceptor_|wrap_|asan_|hwasan_|msan_|tsan_|lsan_|ubsan_|sanitizer_|interceptor_)\w*"
    r"|__(?:interceptor|asan|hwasan|msan|tsan|lsan|ubsan|sanitizer|libcpp|cxa|cxxabiv1|gnu_cxx|uflow"
    r"|underflow)\w*(?:::.*)?|___interceptor\w*"
    r"|(?:c|m|re|v|pv|aligned_?|posix_mem)alloc\w*|memalign|c?free|cfree|valloc|strdup|strndup"
    r"|str(?:n?(?:case)?cmp|n?cpy|len|n?cat|chr|str)"
    r"|mem(?:cpy|move|set|cmp|chr)\S*|__?(?:mem|str|stp|wcs)\w*|__aeabi_\w+|__memcpy\S*|_?backtrace"
    r"|_Unwind_\w+|__libcpp_verbose_abort"
    # ends of processes and signals
    r"|abort|_?_?abort(?:_internal|_message)?|exit|_exit|__GI_\w+|gsignal|raise|_?_?(?:pthread_)?kill|tgkill"
    r"|__restore_rt|killpg|_sigtramp"
    r"|__assert\w*|_?_assert_rtn|__android_log_assert|assert_failure_handler|g_assertion_\w+|g_log\w*"
    r"|g_return_if_fail\w*|do_assert.*|Die|demangling_terminate_handler"
    r"|std::terminate|std::__terminate|_ZSt9terminatev|terminate|__clang_call_terminate|_objc_terminate"
    r"|__stack_chk_fail|__fortify\w*"
    # starts of programs and threads
    r"|main|wmain|WinMain|_start|start|start_thread|__libc_\w+|__start_thread|__pthread_start|__bionic_clone"
    r"|__?clone\d*|_pthread_\w+|thread_start|BaseThread\w+"
    r"|RtlUserThreadStart|_?Rtl\w+|__RtlUser\w+|invoke_main|__scrt_\w+|asan_thread_start|Main|kernel32"
    r"|ntdll.*|LdrpS?\w*|__tmainCRTStartup"
    # fuzzers and test frameworks
    r"|fuzzer::.*|libfuzzer_sys::.*|rust_fuzzer_test_input|fuzztest::.*|auto fuzztest::.*|testing::.*"
    r"|(?:void |bool |int )?(?:testing::internal::)?Handle(?:Seh)?ExceptionsInMethodIfSupported.*"
    r"|custom_logger|centipede::.*|__sanitizer_\w+|.*LLVMFuzzerRunDriver|_?Fuzz\w*OneInput_?Wrapper"
    r"|mozilla::fuzz.*"
    r"|void fuzztest::.*|gtest.*|honggfuzz.*|HF_\w+|afl_\w+|main\.LLVMFuzzer\w+|main\._cgoexp\w+|main\.main"
    r"|_?cgo\w*|crosscall\w*|TestOneInput\w*"
    # logging, checks, stack traces
    r"|logging::.*|base::debug::.*|base::ImmediateCrash.*|base::internal::(?:InvokeHelper|Invoker"
    r"|RunnableAdapter|FunctorTraits)\b.*|google::(?:LogMessage|base|DumpStack|logging)\w*.*"
    r"|absl::.*(?:log_internal|log_internal::).*|absl::log_internal.*"
    r"|V8_Fatal|V8_Dcheck|v8::base::OS::\w+|v8::internal::(?:V8::)?(?:FatalProcessOutOfMemory|Fatal)\w*"
    r"|v8::base::FatalOOM|v8::base::(?:debug|CheckPrint).*|WTFCrash\w*|absl::(?:cleanup_internal|Cleanup).*"
    r"|v8::internal::_*\w*Runtime_Abort\w*|ExitCallback|CrashTrampolineAsm|WTF(?:Report|Log)\w*"
    r"|CrashReporter\w*|blink::ReportOOM.*|SkAbort\w*|sk_abort\w*"
    r"|v8::api_internal::\w+|v8::Utils::ReportApiFailure|v8::internal::Isolate::PushStackTrace\w+|OnNoMemory"
    r"|base::(?:.*)TerminateBecauseOutOfMemory|partition_alloc::.*|blink::Partition\w*|base::Partition\w*"
    r"|WTF::Partition\w*|WTF::(?:Vector|HashTable|HashMap)<.*"
    # standard libraries
    r"|std::(?:__\w+::)?(?:__|unique_ptr|shared_ptr|function|_Function|default_delete|invoke|forward|move"
    r"|thread|_Hash|_Rb_|vector<.*>::(?:~|at|operator|__)|basic_string<.*>::__)\S*.*"
    r"|\[?vdso\]?|linux-gate\.so.*|lib(?:c|gcc_s|pthread|m|dl|stdc\+\+|system_\w+)[-.\d]*\.(?:so|dylib)\S*"
    r"|<unknown(?: module)?>|<null>|\?\?|<redacted>|_+invoke_impl\b.*"
    # Rust
    r"|(?:<?(?:std|core|alloc|backtrace)(?:::| as ).*)|rust_(?:begin_unwind|panic\w*|oom|eh_\w+)|__rust_\w+"
    r"|__rg_\w+|_?\$LT\$.*|_RN.*4core.*|anyhow::.*|panic_(?:abort|unwind)::.*"
    r"|.*::_\$u7b\$\$u7b\$closure.*rust_panic.*|rust_oom"
    # kernel
    r"|(?:dump|show)_(?:backtrace|stack\w*)|__dump_stack|kasan_\w+|__kasan_\w+|check_memory_region\w*"
    r"|__asan_\w+|panic|do_syscall_\w+|entry_SYSCALL\w*|el\d+_\w+|__arm64_sys_\w+|print_address_description"
    r"|kmem_cache_\w+|__kmalloc\w*|kmalloc\w*|kfree\w*|report_\w+|__might_\w+|ret_from_\w+|dump_stack\w*"
    r"|bad_area\w*|do_page_fault|__do_\w*fault|die|notify_die|lkl_\w*|trusty_app_exit|app_mgr|arm64_sync_\w+"
    r"|lk\.elf|x64_sys_call|_raw_spin_\w+|add_timer|key_gc_unused_keys\S*"
    # Go, Java, JavaScript, Python, Swift
    r"|panic|runtime\.(?:gopanic|throw|raise\w*|sig\w+|panic\w*|goPanic\w*|newstack|morestack|goexit|main"
    r"|dieFromSignal|call\w*|crash|fatal\w*|asmcgocall|cgo\w*|mcall|systemstack|memmove|memequal|exit)\S*"
    r"|testing\.\w+"
    r"|java\.lang\.(?:reflect|Thread|Throwable|invoke|Object)\b.*|sun\.reflect.*|jdk\.internal.*"
    r"|com\.code_intelligence\.jazzer.*|android\.os\.(?:Handler|Looper)\b.*|dalvik\.system.*"
    r"|com\.android\.internal\.os.*|java\.util\.concurrent\..*"
    r"|Swift\._?(?:assertionFailure|fatalError\w*).*|_swift_\w+|closure #\d+ .*"
    r"|function signature specialization.*|partial apply.*"
    r"|<module>|atheris.*|abort_with_issue|Wrapper|<lambda>"
    r")$"
)  # fmt: skip
_NOISY_PLACES: Final = re.compile(
    r"(?:^|/)(?:compiler-rt|libfuzzer|libFuzzer|llvm-project/compiler-rt|sanitizer_common|fuzztest/"
    r"|centipede/)|jazzer|pysecsan/"
    r"|FuzzerDriver|/atheris/|<embedded stdlib>/(?:runpy|threading)|core/core\.ts|/python/fuzzer\.py"
    r"|/rustc/\w+/|(?:^|/)(?:libc\+\+(?:abi)?|c\+\+)(?:/|\.)|/include/c\+\+/"
)
_ENTRY: Final = re.compile(r"^(?:LLVMFuzzerTestOneInput|_?LLVMFuzzerTestOneInput|test_one_input)$")


def line_of(frame: Frame) -> str:
    """The line of a state for a frame; empty when it never tells a cause.

    The entry of a fuzz target is told by its file, for all have the same name.
    """
    if not frame.function:
        place = frame.place
        known = (
            place
            and not place.startswith(("<", "["))
            and _NOISE.match(re.split(r"[\\/]", place)[-1].split("+")[0]) is None
        )
        return place if known and "+0x" in place and "/" in place else ""
    name = plain_name(frame.function)
    if _ENTRY.match(name):
        return re.split(r"[\\/]", re.sub(r"(?::\d+)+$|\+0x.*", "", frame.place))[-1] if "." in frame.place else ""
    if _NOISE.match(name) or _NOISE.match(frame.function) or _NOISY_PLACES.search(frame.place):
        return ""
    return name
