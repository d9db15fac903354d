"""Grouping version 1, as data. Frozen once released: a change of an answer is a new version."""

from __future__ import annotations

from typing import Final

from ml.grouping._rules import Rules

_TLD = "com|org|net|io|dev|app|cloud|internal|local|localdomain|lan|corp|cluster|svc|test|example|invalid"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME = r"\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
_UNIT = (
    r"ns|us|\u00b5s|\u03bcs|ms|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|d|days?"
    r"|milliseconds?|microseconds?|nanoseconds?"
)
_NUMBER = r"\d+(?:[.,'\u00a0\u202f]\d+)*"
_HEX_WITH_DIGIT = r"(?=[0-9a-fA-F]*\d)"

# A label ends at its underscore: `n_hex` and `n_int` both give `<n>`. One placeholder for numbers, hex
# and mixed ids, since an id of hex digits is all decimal in 2 % of cases (10/16 to the 8th).
_MASKS: Final = (
    ("url", r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,15}://[^\s<>\"'`\])}]+"),
    ("email", r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}"),
    ("uuid", r"(?<![0-9a-zA-Z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-zA-Z])"),
    ("date_iso", rf"(?<!\d)\d{{4}}[-/]\d{{2}}[-/]\d{{2}}(?:[T ]{_TIME}(?: ?(?:Z|UTC|GMT|[+-]\d{{2}}:?\d{{2}})\b)?)?"),
    ("date_local", rf"(?<![\w.])\d{{1,2}}(?:[./])\d{{1,2}}[./]\d{{4}}(?:,? {_TIME})?(?![\w])"),
    ("date_rfc", rf"\b{_DAY},? \d{{1,2}} {_MONTH} \d{{4}} {_TIME}(?: (?:GMT|UTC|[+-]\d{{4}}))?"),
    ("date_ctime", rf"\b{_DAY} {_MONTH} [ \d]\d {_TIME}(?: [A-Z]{{2,5}})? \d{{4}}"),
    ("date_time", rf"(?<![\d:]){_TIME}(?![\d:])"),
    ("ip_4", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?(?!\w)"),
    ("ip_6full", r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])"),
    ("ip_6", r"(?<![\w:])(?=[a-fA-F:]{0,30}\d)(?:[0-9a-fA-F]{1,4}:){0,6}(?::[0-9a-fA-F]{1,4}){1,6}(?![\w:])"),
    ("ip_6loop", r"(?<![\w:])::1(?![\w:])"),
    ("host_local", r"(?<![\w.\-])localhost(?::\d{1,5})?(?![\w\-])"),
    (
        "host",
        rf"(?<![\w.\-@])(?:[A-Za-z0-9][A-Za-z0-9\-]{{0,62}}\.){{1,8}}(?:{_TLD})(?::\d{{1,5}})?(?![\w\-(]|\.\w)",
    ),
    ("path_windows", r"(?<!\w)(?:[A-Za-z]:|\\\\[\w.\-$]+)\\[^\s:*?\"<>|']*"),
    ("path", r"(?<![\w/.\-<>)\]])(?:~|\.{1,2})?/(?:[\w.@+\-~%=]+/)*[\w.@+\-~%=]+/?"),
    ("path_relative", r"(?<![\w/.@\-])(?:[\w.@\-]{1,128}/){1,16}[\w@\-]{1,128}(?:\.\w{1,8}){1,3}\b"),
    ("str_double", r'"(?:[^"\\\n]|\\.){0,200}"'),
    ("str_single", r"(?<!\w)'(?:[^'\\\n]|\\.){0,200}'(?!\w)"),
    ("str_back", r"`[^`\n]{0,200}`"),
    ("str_curly", r"[\u201c\u201e\u00ab\u2018][^\u201c\u201d\u00bb\u2019\n]{0,200}[\u201c\u201d\u00bb\u2019]"),
    ("duration_long", r"(?<![\w.])(?:\d{1,9}(?:\.\d{1,9})?(?:ms|us|\u00b5s|ns|h|m|s)){2,6}(?!\w)"),
    ("duration", rf"(?<![\w.]){_NUMBER} ?(?:{_UNIT})(?!\w)"),
    ("size", rf"(?<![\w.]){_NUMBER} ?(?:[kKMGTP]i?[bB]|[bB]ytes?)(?!\w)"),
    ("n_0x", r"\b0[xX][0-9a-fA-F]+"),
    ("n_at", r"(?<=\w@)[0-9a-fA-F]{4,16}\b"),
    ("n_hex", rf"(?<![A-Za-z0-9]){_HEX_WITH_DIGIT}[0-9a-fA-F]{{7,128}}(?![A-Za-z0-9])"),
    (
        "n_mixed",
        r"(?<![A-Za-z0-9])(?=\d{1,40}[A-Za-z]{1,40}\d|[A-Za-z]{1,40}\d{1,40}[A-Za-z])[A-Za-z0-9]{5,}",
    ),
    ("n_int", rf"(?:(?<![\w.)\]])[-+])?{_NUMBER}(?:[eE][-+]?\d+)?(?: ?%(?![a-z]))?"),
)

_FUNCTION_REWRITES: Final = (
    (r"::h[0-9a-f]{16}$", ""),  # Rust symbol hash
    (r"\((?:[^()]*)\)(?: ?const)?$", ""),  # C++ parameter list
    (r" \[as [^\]]*\]", ""),  # V8 method alias
    (r"^(?:async|new|static|get|set) ", ""),
    (r"^(?:(?:block(?: \(\d+ levels?\))?|rescue|ensure) in )+", ""),  # Ruby
    (r"\$\$(?:EnhancerBy|FastClassBy|SpringCGLIB)[\w$]*", ""),
    (r"\$\$Lambda[$/\w@]*", "$$Lambda"),
    (r"lambda\$(?:(\w*)\$)?\d+", r"lambda$\1"),
    (r"<(\w+)>[bdg]__[\w|]*", r"\1"),  # C# async and local functions
    (r"<>c__DisplayClass[\d_]+", "<>c"),
    (r"\$Proxy\d+", "$Proxy"),
    (r"GeneratedMethodAccessor\d+", "GeneratedMethodAccessor"),
    (r"\$\d+", "$"),  # Java anonymous classes and accessors
    (r"\.(func|gowrap)\d+(?:\.\d+)*", r".\1"),  # Go closures
    (r"closure #\d+", "closure"),  # Swift
    (r"\{closure[#:][^}]*\}", "{closure}"),  # Rust, PHP
    (r"class@anonymous.*", "class@anonymous"),
    (r"-fun-\d+-", "-fun-"),  # Erlang
    (r"^(?:Object|Module)?\.?\d+$", ""),  # webpack module ids
    (r"^(?:[\w$]+\.)+(?:<anonymous>|\?)$", "<anonymous>"),
    (r"0[xX][0-9a-fA-F]+", ""),
    (r"(?<![A-Za-z0-9])(?=[0-9a-f]*\d)[0-9a-f]{7,64}(?![A-Za-z0-9])", "<hash>"),
)

_FILE_REWRITES: Final = (
    (r"(?::\d+){1,2}$", ""),
    (r"\.min(?=\.)", ""),
    (r"[.\-_](?=[0-9a-f]*\d)[0-9a-f]{6,64}(?=\.)", ""),
    (
        r"[.\-](?=[\w\-]{0,7}\d|(?:[\w\-]{0,7}?[A-Z]){3})[\w\-]{8}(?=\.[mc]?jsx?$)",
        "",
    ),  # base64 build hashes
    (r"[.\-_@]v?\d+(?:\.\d+)+(?=[.\-]|$)", ""),
    (r"^(?=[0-9a-f]*\d)[0-9a-f]{7,64}(?=\.)", "<hash>"),
    (r"^(chunk-)?\d+(?=\.)", r"\1<n>"),
)

_ANONYMOUS: Final = frozenset(
    {
        "",
        "?",
        "??",
        "anonymous",
        "<anonymous>",
        "(anonymous)",
        "<lambda>",
        "<module>",
        "<unknown>",
        "unknown",
        "{closure}",
    }
)

_VAGUE_FILES: Final = frozenset({"index", "__init__", "mod", "lib", "page", "route", "layout", "+page", "+server"})

_PLUMBING_MODULES: Final = (
    # Python
    "asyncio", "concurrent.futures", "threading", "contextlib", "functools", "runpy", "importlib", "_pytest",
    "anyio", "trio._core", "uvloop", "gevent", "greenlet", "eventlet", "wrapt", "sentry_sdk", "opentelemetry",
    "gunicorn", "uvicorn", "hypercorn", "waitress", "werkzeug", "flask.app", "flask.ctx", "starlette.middleware",
    "starlette.routing", "starlette.concurrency", "starlette._exception_handler", "starlette.applications",
    "fastapi.routing", "fastapi.applications", "fastapi.middleware", "django.core.handlers", "django.utils.deprecation",
    "django.middleware", "django.utils.decorators", "asgiref", "rest_framework.views", "celery.app.trace",
    # JVM
    "java.lang.reflect", "java.lang.Thread", "java.util.concurrent", "sun.reflect", "jdk.internal.reflect",
    "java.lang.invoke", "kotlinx.coroutines", "kotlin.coroutines", "org.springframework.aop",
    "org.springframework.cglib", "org.springframework.web.filter", "org.apache.catalina", "org.apache.tomcat",
    "org.eclipse.jetty", "javax.servlet", "jakarta.servlet", "io.netty", "reactor.core", "junit.framework", "org.junit",
    # .NET
    "System.Runtime.CompilerServices", "System.Runtime.ExceptionServices", "System.Threading",
    "Microsoft.AspNetCore.Mvc.Infrastructure", "Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Diagnostics",
    # Go, Rust, Ruby, PHP, Node
    "runtime", "net/http", "reflect", "tokio", "std::panicking", "std::rt", "core::ops::function", "core::panicking",
    "rack", "puma", "sidekiq.processor", "node:internal", "node:async_hooks", "express.lib.router", "koa-compose",
    "zone.js", "regenerator-runtime", "async_hooks",
)  # fmt: skip

_PLUMBING_FUNCTIONS: Final = frozenset(
    {
        "asyncGeneratorStep", "_asyncToGenerator", "asyncToGenerator", "__awaiter", "fulfilled", "rejected",
        "Generator.next", "Generator.<anonymous>", "processTicksAndRejections", "process.processTicksAndRejections",
        "runMicrotasks", "invokeSuspend", "resumeWith", "sentryWrapped", "runtime.goexit", "runtime.main",
        "_bootstrap", "_bootstrap_inner", "__libc_start_main", "_start", "start_thread", "clone",
        "<asynchronous suspension>", "ActionMethodExecutor.Execute",
    }
)  # fmt: skip

_PLUMBING_FILES: Final = (
    "node:internal/", "internal/process/", "internal/modules/", "<frozen ", "/asyncio/", "concurrent/futures/",
    "node_modules/express/", "node_modules/zone.js/", "node_modules/@sentry/", "regenerator-runtime",
    "babel/runtime/helpers", "node_modules/tslib/", "sentry_sdk/",
)  # fmt: skip

_PLUMBING_PATTERNS: Final = (
    r"(?i:(?:^|[._/\\])middlewares?(?:[._/\\:$ ]|$))",
    r"[a-z]Middleware(?:[.:$ ]|$)",
    r"(?:^|[. ])_?(?:wrapper|wrapped|decorated)$",
    r"\$\$(?:Lambda|EnhancerBy|FastClassBy|SpringCGLIB)|\$Proxy",
)

V1: Final = Rules(
    name="v1",
    masks=_MASKS,
    rewritable_name=(
        r"[^A-Za-z0-9_.]|[0-9a-f]{7}|0[xX]|\.(?:func|gowrap)\d|GeneratedMethodAccessor|^(?:Object|Module)?\.?\d+$"
    ),
    function_rewrites=_FUNCTION_REWRITES,
    file_rewrites=_FILE_REWRITES,
    anonymous_functions=_ANONYMOUS,
    vague_files=_VAGUE_FILES,
    plumbing_modules=_PLUMBING_MODULES,
    plumbing_functions=_PLUMBING_FUNCTIONS,
    plumbing_files=_PLUMBING_FILES,
    plumbing_patterns=_PLUMBING_PATTERNS,
    max_frames=5,
    max_exceptions=10,
    max_message_chars=512,
)
