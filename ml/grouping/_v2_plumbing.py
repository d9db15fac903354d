"""Frames that carry a call and never cause an error: event loops, pools, proxies, filters; what version 2 adds."""

from __future__ import annotations

from typing import Final

MODULES: Final = (
    # Python
    "selectors", "socketserver", "multiprocessing", "sanic.app", "sanic.server", "tornado.web",
    "tornado.gen", "tornado.ioloop", "tornado.stack_context", "tornado.concurrent", "tornado.platform",
    "twisted.internet",
    "twisted.python.threadpool", "twisted.python.context", "aiohttp.web_app", "aiohttp.web_protocol",
    "aiohttp.web_middlewares", "aiohttp.web_urldispatcher", "starlette.responses", "starlette.endpoints",
    "fastapi", "uvicorn.protocols", "mod_wsgi", "cherrypy._cpwsgi", "pyramid.tweens", "pyramid.router", "django.views",
    "django.contrib.auth.decorators", "django.views.decorators", "django.db.transaction", "rest_framework.decorators",
    "celery.app.base", "celery.concurrency", "billiard", "kombu.asynchronous", "rq.worker", "rq.job", "dramatiq.worker",
    "dramatiq.middleware", "huey.consumer", "apscheduler", "newrelic", "ddtrace", "elasticapm", "click.core",
    "flask_cors", "whitenoise", "tenacity", "concurrent.futures.thread", "nest_asyncio",
    "backports", "pluggy", "typer.core", "typer.main",
    # JVM
    "java.util.stream", "java.util.TimerThread", "java.util.Timer", "java.security.AccessController",
    "java.lang.Iterable",
    "java.base", "jdk.proxy", "jdk.internal", "com.sun.proxy", "kotlin.coroutines.jvm.internal", "kotlin.concurrent",
    "scala.concurrent", "akka.dispatch", "akka.actor", "cats.effect", "zio.internal", "org.springframework.web.servlet",
    "org.springframework.web.method", "org.springframework.boot.web", "org.springframework.security",
    "org.springframework.transaction", "org.springframework.scheduling", "org.springframework.cache.interceptor",
    "org.springframework.retry", "org.springframework.util.concurrent", "org.springframework.web.reactive",
    "org.springframework.data.repository.core.support", "org.apache.coyote", "org.apache.felix", "io.undertow",
    "io.quarkus", "io.vertx.core", "io.vertx.ext.web", "io.micronaut", "io.reactivex", "rx.internal", "rx.Observable",
    "com.google.common.util.concurrent", "com.google.inject.servlet", "com.google.inject.internal",
    "com.zaxxer.hikari.pool",
    "feign.ReflectiveFeign", "feign.SynchronousMethodHandler", "okhttp3.internal.http", "okhttp3.RealCall",
    "okhttp3.internal.connection", "retrofit2.OkHttpCall", "org.glassfish.jersey", "org.jboss.resteasy",
    "org.jboss.weld",
    "org.aspectj", "net.bytebuddy", "net.sf.cglib", "javassist", "android.os.Handler", "android.os.Looper",
    "android.app.ActivityThread", "com.android.internal.os", "androidx.lifecycle", "dalvik.system", "org.gradle",
    "org.apache.tools.ant", "org.apache.maven.surefire", "worker.org.gradle", "com.intellij.rt", "org.testng",
    # .NET
    "System.Reflection", "System.RuntimeMethodHandle", "System.Linq.Expressions", "System.Dynamic", "System.Web.Mvc",
    "System.Web.HttpApplication", "System.Web.Http", "System.Windows.Threading", "System.Windows.Forms",
    "System.Runtime",
    "Microsoft.AspNetCore", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting",
    "Microsoft.Owin",
    "MediatR", "Castle.DynamicProxy", "Castle.Proxies", "Autofac.Extras.DynamicProxy", "Polly", "Serilog.AspNetCore",
    "Swashbuckle.AspNetCore", "Hangfire.Server", "MassTransit.Middleware",
    # Go
    "github.com/gin-gonic/gin", "github.com/labstack/echo", "github.com/go-chi/chi", "github.com/gorilla/mux",
    "github.com/gorilla/handlers", "github.com/urfave/negroni", "github.com/gofiber/fiber",
    "github.com/getsentry/sentry-go",
    "google.golang.org/grpc", "go.opentelemetry.io", "golang.org/x/sync", "internal/runtime",
    "github.com/grpc-ecosystem", "github.com/spf13/cobra", "github.com/valyala/fasthttp",
    # Ruby and PHP
    "Rack", "Puma", "ActionDispatch", "ActiveSupport.Callbacks", "ActiveSupport::Callbacks", "Sidekiq",
    "Illuminate\\Pipeline", "Illuminate\\Foundation\\Http", "Illuminate\\Routing", "Illuminate\\Container",
    "Symfony\\Component\\HttpKernel", "Symfony\\Component\\EventDispatcher", "Symfony\\Component\\Console",
    "Slim\\Middleware",
    "Slim\\MiddlewareDispatcher", "Laminas\\Stratigility", "Psr\\Http", "React\\Promise", "React\\EventLoop", "Revolt",
    "GuzzleHttp\\Promise", "GuzzleHttp\\Middleware", "Laravel\\Octane",
    # Rust
    "futures_util", "futures_core", "futures_executor", "async_std::task", "actix_rt", "actix_web", "actix_http",
    "actix_server", "actix_service", "hyper:", "tower:", "tower_http", "tower_service", "axum", "warp:", "rocket:",
    "rayon_core",
    "std::thread", "std::sys", "std::sys_common", "std::panic", "std::backtrace_rs", "core::result::unwrap_failed",
    "core::option::unwrap_failed", "core::option::expect_failed", "alloc::boxed", "tracing:", "tracing_subscriber",
    "core::future", "core::ops", "test::run_test",
    # Swift, Dart, Erlang
    "dart:async", "dart:ui", "dart:isolate", "dart:_internal", "package:flutter/src/gestures", "package:stack_trace",
    "package:flutter/src/scheduler", "package:flutter/src/foundation", "package:async", "package:zone", "gen_server",
    "proc_lib", "Elixir.Plug", "Elixir.Phoenix", "Elixir.Task", "Elixir.GenServer", "Plug", "cowboy",
    # Node
    "express", "koa", "fastify", "@nestjs/core", "next/dist/server", "react-dom", "node:events", "node:domain",
    "rxjs", "bluebird", "graphql-middleware", "@angular/core", "vue-router", "core-js",
)  # fmt: skip

FUNCTIONS: Final = frozenset(
    {
        "_next", "_throw", "__async", "asyncGeneratorDelegate", "tryCatch", "invokeGuardedCallback", "runInContext",
        "processImmediate", "listOnTimeout", "process.processImmediate", "runNextTicks", "processTimers",
        "invokeTask", "Zone.run", "ZoneDelegate.invoke", "ZoneDelegate.invokeTask", "drainMicroTaskQueue",
        "Layer.handle", "Layer.handle_request", "Layer.handleRequest", "Route.dispatch", "Function.process_params",
        "process_params", "router.handle", "expressInit", "jsonParser", "urlencodedParser", "cookieParser",
        "trim_prefix",
        "__step", "_run_once", "run_forever", "run_until_complete", "run_in_executor", "_asyncio_step", "__wakeup",
        "Task.<anonymous>", "new Promise", "Promise.then", "Promise", "Promise.all", "async Promise.all",
        "Promise.all (index 0)", "afterReadTick", "emitTwo", "emitOne", "EventEmitter.emit", "emit",
        "dispatch_call_block_and_release", "_dispatch_client_callout", "_dispatch_call_block_and_release",
        "_dispatch_lane_serial_drain", "_dispatch_main_queue_callback_4CF", "_pthread_wqthread", "_pthread_start",
        "_pthread_body", "thread_start", "start_wqthread", "CFRunLoopRunSpecific", "__CFRunLoopRun",
        "__CFRUNLOOP_IS_SERVICING_THE_MAIN_DISPATCH_QUEUE__", "GSEventRunModal", "UIApplicationMain",
        "NSApplicationMain",
        "swift_job_run", "swift::runJobInEstablishedExecutorContext", "completeTaskWithClosure",
        "BaseThreadInitThunk", "RtlUserThreadStart", "invoke_main", "__scrt_common_main_seh", "WinMainCRTStartup",
        "__rust_begin_short_backtrace", "__rust_end_short_backtrace", "rust_begin_unwind", "rust_panic",
        "__rust_try", "lang_start", "lang_start_internal", "__libc_start_call_main", "__libc_start_main_impl",
        "__clone3",
        "__clone", "_rootRun", "_rootRunUnary", "_rootRunBinary", "_CustomZone.run", "_CustomZone.runUnary",
        "_asyncThenWrapperHelper",
        "_FutureListener.handleValue", "_Future._propagateToListeners", "_startMicrotaskLoop", "_microtaskLoop",
        "run_callbacks", "process_action", "perform_action", "goexit", "ServeHTTP", "HandlerFunc.ServeHTTP",
        "DispatchedTask.run", "SetException", "ThrowForNonSuccess", "HandleNonSuccessAndDebuggerNotification",
        "GetResult",
        "ThrowIfExceptional", "RunInternal", "ExecuteWithThreadLocal", "NextAsync", "InvokeNextAsync",
    }
)  # fmt: skip

FILES: Final = (
    "node_modules/koa", "node_modules/fastify/", "node_modules/connect/", "node_modules/@nestjs/", "node_modules/rxjs/",
    "node_modules/next/dist/", "node_modules/react-dom/", "node_modules/scheduler/", "node_modules/core-js/",
    "node_modules/promise", "node_modules/bluebird/", "node_modules/@babel/", "node_modules/@opentelemetry/",
    "node_modules/async/", "node_modules/body-parser/", "node_modules/passport/", "node_modules/router/",
    "site-packages/starlette/", "site-packages/django/core/handlers", "site-packages/gunicorn/",
    "site-packages/uvicorn/",
    "site-packages/werkzeug/", "site-packages/tornado/", "site-packages/celery/", "site-packages/asgiref/",
    "/actionpack", "/rack-", "/puma-", "/railties-", "/sidekiq-", "/activesupport-", "/gems/bootsnap",
    "vendor/symfony/http-kernel/", "vendor/laravel/framework/src/Illuminate/Pipeline",
    "vendor/laravel/framework/src/Illuminate/Routing", "vendor/laravel/framework/src/Illuminate/Foundation",
    "vendor/symfony/event-dispatcher", "vendor/slim/", "vendor/sentry/", "libdispatch", "libsystem_pthread",
    "lib/internal/", "internal/timers", "internal/modules", "timers.js",
)  # fmt: skip

PATTERNS: Final = (
    r"(?:^|[./\\$])\w*(?:Interceptor|Advice|Advisor|RequestFilter|ServletFilter|FilterChain)(?:[.:$ ]|$)",
    r"(?:^|[ .])(?:doFilter|doFilterInternal|intercept|access\$\d+|bridge\$\w+)$",
    r"(?:^|[ .])(?:async_)?wrapper(?:_\w+)?$|_decorator\b|<locals>\.(?:wrapper|inner|wrapped|decorated)",
    r"(?:reabstraction |^| )thunk (?:helper )?(?:for|from)|protocol witness for",
    r"std::(?:__\w+::)?(?:__)?(?:function|invoke|thread|apply|bind|async)\b|__invoke_impl|boost::asio|boost::function",
)
