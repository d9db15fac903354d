"""What differs from build to build and host to host on each platform: names, paths, and the frames in between."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ml.perturb._text import folder, hexadecimal

Frame = dict[str, Any]
_Rename = Callable[[str, random.Random], str]


@dataclass(frozen=True, slots=True)
class Platform:
    """What a deployment may change.

    Attributes:
        carried: frames of event loops, pools, proxies, servers, as (module, file, function).
        own: the same of middleware that is the project's own.
        renames: pattern in function or module, and what gives another name of the same meaning.
        hashed: file extensions whose names carry build hashes.
        folders: whether the folders of paths differ between hosts.
    """

    carried: tuple[tuple[str, str, str], ...]
    own: tuple[tuple[str, str, str], ...] = ()
    renames: tuple[tuple[re.Pattern[str], _Rename], ...] = ()
    hashed: bool = False
    folders: bool = True


def _counter(before: str, after: str = "", top: int = 60) -> _Rename:
    return lambda _, rng: f"{before}{rng.randrange(top)}{after}"


def _pattern(expression: str, rename: _Rename) -> tuple[re.Pattern[str], _Rename]:
    return re.compile(expression), rename


_PYTHON = Platform(
    (
        ("asyncio.events", "asyncio/events.py", "_run"),
        ("asyncio.base_events", "asyncio/base_events.py", "run_forever"),
        ("starlette.middleware.errors", "starlette/middleware/errors.py", "__call__"),
        ("django.core.handlers.exception", "django/core/handlers/exception.py", "inner"),
        ("werkzeug.serving", "werkzeug/serving.py", "run_wsgi"),
        ("concurrent.futures.thread", "concurrent/futures/thread.py", "run"),
        ("sentry_sdk.integrations.wsgi", "sentry_sdk/integrations/wsgi.py", "__call__"),
        ("gunicorn.workers.sync", "gunicorn/workers/sync.py", "handle_request"),
    ),
    (("shop.middleware.timing", "shop/middleware/timing.py", "__call__"), ("shop.web", "shop/web.py", "wrapper")),
)
_JVM = Platform(
    (
        ("org.springframework.web.filter.OncePerRequestFilter", "OncePerRequestFilter.java", "doFilter"),
        ("java.util.concurrent.ThreadPoolExecutor$Worker", "ThreadPoolExecutor.java", "run"),
        ("kotlinx.coroutines.DispatchedTask", "DispatchedTask.kt", "run"),
        ("jdk.internal.reflect.GeneratedMethodAccessor12", "Unknown Source", "invoke"),
        ("com.sun.proxy.$Proxy87", "Unknown Source", "pay"),
        ("org.apache.catalina.core.ApplicationFilterChain", "ApplicationFilterChain.java", "internalDoFilter"),
        ("io.netty.channel.AbstractChannelHandlerContext", "AbstractChannelHandlerContext.java", "invokeChannelRead"),
        ("reactor.core.publisher.FluxMap$MapSubscriber", "FluxMap.java", "onNext"),
    ),
    (
        ("com.shop.middleware.AuditFilter", "AuditFilter.java", "doFilter"),
        ("com.shop.Orders$$EnhancerBySpringCGLIB$$1a2b3c4d", "<generated>", "pay"),
    ),
    (
        _pattern(r"lambda\$(\w+)\$\d+", lambda name, rng: re.sub(r"\d+$", str(rng.randrange(40)), name)),
        _pattern(r"\$\$Lambda\$\d+(?:/\w+)?", lambda _, rng: f"$$Lambda${rng.randrange(900)}/0x{hexadecimal(rng, 16)}"),
        _pattern(r"\$\$EnhancerBySpringCGLIB\$\$\w+", lambda _, rng: f"$$EnhancerBySpringCGLIB$${hexadecimal(rng, 8)}"),
        _pattern(r"(?<=\w)\$\d+\b", _counter("$")),
        _pattern(r"MockitoMock\$\d+", _counter("MockitoMock$", top=10**9)),
        _pattern(r"GeneratedMethodAccessor\d+", _counter("GeneratedMethodAccessor")),
        _pattern(r"\$Proxy\d+", _counter("$Proxy")),
    ),
    folders=False,
)
_SCRIPT = Platform(
    (
        ("", "node:internal/process/task_queues", "process.processTicksAndRejections"),
        ("", "/app/node_modules/express/lib/router/layer.js", "Layer.handle [as handle_request]"),
        ("", "/app/node_modules/@sentry/node/cjs/tracing.js", "sentryWrapped"),
        ("", "webpack/bootstrap", "__webpack_require__"),
        ("", "https://cdn.example.com/polyfills.9a8b7c6d.js", "asyncGeneratorStep"),
        ("", "/app/node_modules/zone.js/dist/zone.js", "ZoneDelegate.invokeTask"),
        ("", "<anonymous>", "new Promise"),
    ),
    (("", "/app/src/middleware/log.js", "next"),),
    (
        _pattern(r"^(?:<anonymous>|\?|anonymous)$", lambda _, rng: rng.choice(("<anonymous>", "?", "anonymous"))),
        _pattern(r"^Object\.(?=\w)", lambda _, rng: rng.choice(("Object.", ""))),
        _pattern(r" \[as \w+\]$", lambda _, rng: rng.choice(("", " [as handler]"))),
    ),
    hashed=True,
)
_GO = Platform(
    (
        ("net/http", "/usr/local/go/src/net/http/server.go", "(*conn).serve"),
        ("runtime", "/usr/local/go/src/runtime/asm_amd64.s", "goexit"),
        ("github.com/gin-gonic/gin", "/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go", "(*Context).Next"),
    ),
    (("main", "/srv/shop/middleware.go", "LoggingMiddleware.func1"),),
    (_pattern(r"\.func\d+(?:\.\d+)*$", _counter(".func", top=9)), _pattern(r"@v[\d.]+", _counter("@v1.", ".0"))),
)
_RUBY = Platform(
    (
        ("", "/usr/local/bundle/gems/puma-6.4.0/lib/puma/thread_pool.rb", "block in spawn_thread"),
        ("", "/usr/local/bundle/gems/rack-3.0.8/lib/rack/etag.rb", "call"),
        ("", "/usr/local/bundle/gems/actionpack-7.1.2/lib/action_dispatch/middleware/callbacks.rb", "call"),
    ),
    (("", "/srv/app/middleware/tenant.rb", "call"),),
    (_pattern(r"^block (?:\(\d levels\) )?in ", lambda _, rng: rng.choice(("block in ", "block (2 levels) in "))),),
)
_DOTNET = Platform(
    (
        ("System.Runtime.CompilerServices.TaskAwaiter", "", "ThrowForNonSuccess"),
        ("System.Threading.ThreadPoolWorkQueue", "", "Dispatch"),
        ("Microsoft.AspNetCore.Routing.EndpointMiddleware", "", "Invoke"),
    ),
    (("Shop.Web.AuditMiddleware", "AuditMiddleware.cs", "Invoke"),),
    (
        _pattern(r">d__\d+", _counter(">d__")),
        _pattern(r"DisplayClass\d+_\d+", _counter("DisplayClass", "_0")),
        _pattern(r">b__\d+(?:_\d+)?", _counter(">b__", "_1")),
    ),
)
_PHP = Platform(
    (
        ("Illuminate\\Pipeline\\Pipeline", "/var/www/vendor/laravel/framework/src/Illuminate/Pipeline/Pipeline.php",
         "Illuminate\\Pipeline\\Pipeline::{closure}"),
        ("", "/var/www/vendor/symfony/http-kernel/HttpKernel.php", "Symfony\\Component\\HttpKernel::handle"),
    ),
    (("", "/var/www/app/Http/Middleware/Audit.php", "App\\Http\\Middleware\\Audit::handle"),),
    (
        _pattern(r"class@anonymous.*", lambda _, rng: f"class@anonymous\0/srv/a.php:{rng.randrange(99)}$0"),
        _pattern(r"\{closure(?::[^}]*)?\}", lambda _, rng: rng.choice(("{closure}", "{closure:/srv/a.php:17}"))),
    ),
)  # fmt: skip
_RUST = Platform(
    (
        ("", "", "tokio::runtime::task::raw::poll"),
        ("", "", "std::panicking::begin_panic_handler"),
        ("", "", "core::ops::function::FnOnce::call_once"),
    ),
    (),
    (
        _pattern(r"::h[0-9a-f]{16}$", lambda _, rng: f"::h{hexadecimal(rng, 16)}"),
        _pattern(r"\{closure#\d+\}", _counter("{closure#", "}", 5)),
    ),
)
_NATIVE = Platform(
    (
        ("", "", "_dispatch_client_callout"),
        ("", "", "__libc_start_main"),
        ("", "", "start_thread"),
        ("", "", "_pthread_wqthread"),
    ),
    (),
    (
        _pattern(r"\+ ?0x[0-9a-f]+$", lambda _, rng: f"+0x{rng.randrange(16, 4096):x}"),
        _pattern(r"closure #\d+", _counter("closure #", top=9)),
        _pattern(r"\.(?:part|isra|constprop)\.\d+$", _counter(".part.")),
        _pattern(r"_block_invoke(?:_\d+)?$", _counter("_block_invoke_")),
    ),
)
_DART = Platform(
    (
        ("", "dart:async/zone.dart", "_rootRunUnary"),
        ("", "dart:async/future_impl.dart", "_FutureListener.handleValue"),
        ("", "", "<asynchronous suspension>"),
    ),
    (),
    (_pattern(r"\.<anonymous closure>$", lambda _, rng: rng.choice((".<anonymous closure>", ".<fn>"))),),
)

PLATFORMS: Final[Mapping[str, Platform]] = {
    "python": _PYTHON,
    "java": _JVM,
    "kotlin": _JVM,
    "javascript": _SCRIPT,
    "node": _SCRIPT,
    "go": _GO,
    "ruby": _RUBY,
    "csharp": _DOTNET,
    "php": _PHP,
    "rust": _RUST,
    "native": _NATIVE,
    "c": _NATIVE,
    "cocoa": _NATIVE,
    "objc": _NATIVE,
    "swift": _NATIVE,
    "dart": _DART,
    "flutter": _DART,
}
OTHER: Final = Platform(())


def renamed(name: str, platform: Platform, rng: random.Random) -> str:
    """A function or module by the name another build gives it."""
    for pattern, rename in platform.renames:
        name = pattern.sub(partial(_renamed, rename, rng), name)
    return name


def _renamed(rename: _Rename, rng: random.Random, match: re.Match[str]) -> str:
    return rename(match[0], rng)


def moved(path: str, platform: Platform, rng: random.Random) -> str:
    """A path on another host, with the hashes of another build."""
    if platform.hashed:
        path = re.sub(r"(?<=[.\-])(?=[0-9a-f]*\d)[0-9a-f]{6,32}(?=\.(?:chunk\.)?m?js)", hexadecimal(rng, 8), path)
        path = re.sub(r"^https?://[^/]+", f"https://cdn{rng.randrange(9)}.example.net", path)
    if platform.folders and re.match(r"/(?!usr/|\w+:)\w", path) and "node_modules" not in path:
        depth = path.rstrip("/").count("/")
        if depth > 2:
            return folder(rng) + "/" + "/".join(path.split("/")[3:])
    windows = re.match(r"[A-Za-z]:\\[^\\]+\\", path)
    return f"D:\\agent\\{rng.randrange(99)}\\{path[windows.end() :]}" if windows else path


def carrying(platform: Platform, rng: random.Random, *, own: bool) -> Frame | None:
    """A frame that only carries the call, in another deployment; None where a platform has none."""
    choices = platform.own if own else platform.carried
    if not choices:
        return None
    module, file, function = rng.choice(choices)
    frame: Frame = {"function": function, "lineno": rng.randrange(1, 900), "in_app": own}
    return frame | ({"module": module} if module else {}) | ({"filename": file, "abs_path": file} if file else {})
