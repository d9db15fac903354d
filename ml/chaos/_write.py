"""What was seen as clients would send it: OpenTelemetry's JSON, Sentry's envelopes, lines of changes.

Shapes: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding,
https://develop.sentry.dev/sdk/data-model/envelopes/ and docs/reference/native-ingest.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from ml.chaos._code import BUG, WORK, SourceFile, function_of, helper_of
from ml.chaos._history import History
from ml.chaos._model import Changed, NodeKind, System
from ml.chaos._signals import Point
from ml.chaos._simulate import CLIENT, CONSUMER, PRODUCER, SERVER, Logged, Reported, Seen

BUCKET_S: Final = 5.0
"""Time of the requests of one line of OpenTelemetry's JSON."""

_SLOW_BUCKET_S: Final = 30.0
"""The same of metrics and logs."""

_ENVIRONMENT: Final = "production"
_LEVELS: Final = {"debug": 5, "info": 9, "warn": 13, "error": 17}
_PLATFORMS: Final = {"python": "python", "nodejs": "node", "java": "java", "go": "go"}
_LIBRARY: Final = {
    "python": ("site-packages/starlette/routing.py", "starlette.routing", "handle", 276),
    "nodejs": ("node_modules/express/lib/router/layer.js", "express", "handle", 95),
    "java": ("DispatcherServlet.java", "org.springframework.web.servlet.DispatcherServlet", "doDispatch", 1089),
    "go": ("net/http/server.go", "net/http", "HandlerFunc.ServeHTTP", 2166),
}
_BROWSERS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0",
    "Mozilla/5.0 (iPhone) Safari/604.1",
    "okhttp/5.1",
    "python-httpx/0.30",
)
_REGIONS: Final = ("eu-central", "eu-west", "us-east")

_Object = dict[str, Any]


class Writer:
    """Turns what was seen into bytes.

    Args:
        dice: decide what belongs to no simulation: clocks that differ, what is lost.
        system: that was seen.
        history: says where lines of code stand.
    """

    def __init__(self, dice: random.Random, system: System, history: History) -> None:
        self._dice = dice
        self._system = system
        self._history = history
        self._skew = {one: dice.gauss(0, 0.004) for node in system.services for one in node.instances}
        self._region = {one: dice.choice(_REGIONS) for node in system.nodes.values() for one in node.instances}

    def traces(self, spans: Sequence[Seen]) -> Iterator[bytes]:
        """Yield export requests of traces; the spans of a trace are in one, but for the few that are lost."""
        starts: dict[int, float] = {}
        for span in spans:
            starts[span.trace] = min(span.start, starts.get(span.trace, span.start))
        buckets: dict[int, dict[tuple[str, str, str], list[_Object]]] = {}
        for span in spans:
            if self._dice.random() >= 0.004:
                bucket = buckets.setdefault(int(starts[span.trace] // BUCKET_S), {})
                bucket.setdefault((span.node, span.instance, span.release), []).append(self._span(span))
        for _, of_resource in sorted(buckets.items()):
            yield orjson.dumps(
                {
                    "resourceSpans": [
                        {
                            "resource": self._resource(*key),
                            "scopeSpans": [{"scope": {"name": "chaos"}, "spans": made}],
                        }
                        for key, made in sorted(of_resource.items())
                    ]
                }
            )

    def logs(self, lines: Iterable[Logged]) -> Iterator[bytes]:
        """Yield export requests of logs."""
        yield from self._batches("resourceLogs", "scopeLogs", "logRecords", lines, _log)

    def metrics(self, points: Iterable[Point]) -> Iterator[bytes]:
        """Yield export requests of metrics."""
        yield from self._batches("resourceMetrics", "scopeMetrics", "metrics", points, _metric)

    def envelopes(self, errors: Sequence[Reported]) -> Iterator[bytes]:
        """Yield an envelope for each error."""
        for one in errors:
            event_id = f"{self._dice.getrandbits(128):032x}"
            payload = orjson.dumps(self._event(one, event_id))
            header = orjson.dumps({"event_id": event_id, "sdk": {"name": "sentry.chaos", "version": "1.0.0"}})
            item = orjson.dumps({"type": "event", "length": len(payload)})
            yield b"\n".join((header, item, payload)) + b"\n"

    def _batches(self, outer: str, scope: str, inner: str, items: Iterable[Any], made: Any) -> Iterator[bytes]:
        buckets: dict[int, dict[tuple[str, str, str], list[_Object]]] = {}
        for one in items:
            key = (one.node, one.instance, self._running(one.node, one.instance, one.at))
            buckets.setdefault(int(one.at // _SLOW_BUCKET_S), {}).setdefault(key, []).append(made(one))
        for _, of_resource in sorted(buckets.items()):
            parts = [
                {"resource": self._resource(*key), scope: [{"scope": {"name": "chaos"}, inner: found}]}
                for key, found in sorted(of_resource.items())
            ]
            yield orjson.dumps({outer: parts})

    def _running(self, node: str, instance: str, at: float) -> str:
        if self._system.nodes[node].kind is not NodeKind.SERVICE:
            return ""
        return self._history.running(node, instance, at).version

    def _resource(self, node: str, instance: str, release: str) -> _Object:
        made = {
            "service.name": node,
            "deployment.environment.name": _ENVIRONMENT,
            "host.name": instance,
            "cloud.region": self._region[instance],
        }
        if release:
            made["service.version"] = release
            made["telemetry.sdk.language"] = self._system.nodes[node].system
        return {"attributes": _attributes(made)}

    def _span(self, span: Seen) -> _Object:
        skew = self._skew.get(span.instance, 0.0)
        remote = 0x300 if span.kind in {SERVER, CONSUMER} and span.parent else 0x100
        made: _Object = {
            "traceId": f"{span.trace:032x}",
            "spanId": f"{span.id:016x}",
            "name": self._name(span),
            "kind": span.kind,
            "startTimeUnixNano": str(_ns(span.start + skew)),
            "endTimeUnixNano": str(_ns(max(span.end, span.start) + skew)),
            "flags": remote | 1,
            "attributes": _attributes(self._facts(span)),
        }
        if span.parent:
            made["parentSpanId"] = f"{span.parent:016x}"
        if span.failed:
            made["status"] = {"code": 2, "message": span.failed}
        return made

    def _name(self, span: Seen) -> str:
        """Return the name of a span: that of a statement says what it does to which table, not its values."""
        if span.kind == CLIENT and self._system.nodes[span.target].kind in {NodeKind.DATABASE, NodeKind.CACHE}:
            return span.name.partition(" WHERE")[0][:60]
        return f"publish {span.name}" if span.kind == PRODUCER else span.name

    def _facts(self, span: Seen) -> _Object:
        """Return the attributes of a span by OpenTelemetry's conventions."""
        if span.kind == SERVER:
            method, _, route = span.name.partition(" ")
            made: _Object = {"http.request.method": method, "http.route": route, "tenant.id": span.tenant}
            if not span.parent:
                made["user.id"] = f"{span.tenant}/{span.user}"
                made["user_agent.original"] = _BROWSERS[span.user % len(_BROWSERS)]
            return {**made, "http.response.status_code": span.status} if span.status else made
        if span.kind == CONSUMER:
            return {
                "messaging.system": self._bus(),
                "messaging.operation.type": "process",
                "messaging.destination.name": span.name.removeprefix("process "),
                "tenant.id": span.tenant,
            }
        target = self._system.nodes[span.target]
        if target.kind in {NodeKind.DATABASE, NodeKind.CACHE}:
            return {
                "db.system.name": target.system,
                "db.namespace": target.name,
                "db.query.text": span.name,
                "server.address": target.address,
            }
        if target.kind is NodeKind.QUEUE:
            return {
                "messaging.system": target.system,
                "messaging.operation.type": "send",
                "messaging.destination.name": span.name,
                "server.address": target.address,
            }
        method, _, route = span.name.partition(" ")
        made = {
            "http.request.method": method,
            "url.full": f"https://{target.address}{route}",
            "server.address": target.address,
        }
        return {**made, "http.response.status_code": span.status} if span.status else made

    def _bus(self) -> str:
        return next((node.system for node in self._system.nodes.values() if node.kind is NodeKind.QUEUE), "")

    def _event(self, one: Reported, event_id: str) -> _Object:
        span, service = one.span, self._system.nodes[one.span.node]
        return {
            "event_id": event_id,
            "timestamp": round(one.at + self._skew.get(span.instance, 0.0), 6),
            "platform": _PLATFORMS[service.system],
            "level": "error",
            "release": one.release.version,
            "environment": _ENVIRONMENT,
            "server_name": span.instance,
            "transaction": span.name,
            "user": {"id": f"{span.tenant}/{span.user}"},
            "tags": {"service": span.node, "tenant.id": span.tenant},
            "contexts": {"trace": {"trace_id": f"{span.trace:032x}", "span_id": f"{span.id:016x}"}},
            "exception": {
                "values": [
                    {
                        "type": one.raised.type,
                        "value": one.raised.value,
                        "mechanism": {"type": "generic", "handled": False},
                        "stacktrace": {"frames": frames_of(one, service.system)},
                    }
                ]
            },
        }


def frames_of(one: Reported, language: str) -> list[_Object]:
    """Return the frames of an error, the outermost first: the library, the operation's function, and what it uses."""
    code = one.release.code
    path, module, function, line = _LIBRARY[language]
    library = {"filename": path, "module": module, "function": function, "lineno": line, "in_app": False}
    handler = function_of(language, one.operation)
    marker = one.raised.marker or WORK
    inside = one.raised.function or (helper_of(code, one.operation) if not one.raised.marker else "")
    own = WORK if inside else marker
    frames = [library, _frame(code.handlers, handler, own)]
    if inside:
        frames.append(_frame(code.rules, inside, marker if marker == BUG else ""))
    return frames


def _frame(file: SourceFile, function: str, marker: str) -> _Object:
    return {
        "filename": file.path,
        "abs_path": f"/srv/{file.path}",
        "module": file.path.rpartition(".")[0].replace("/", "."),
        "function": function,
        "lineno": file.line_of(function, marker),
        "in_app": True,
    }


def change_lines(changes: Iterable[Changed]) -> Iterator[bytes]:
    """Yield changes as lines of native ingest."""
    for one in changes:
        made = {
            "id": one.id,
            "timestamp": datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds"),
            "kind": one.kind,
            "title": one.title,
            "author": one.author,
            "service": one.service,
            "environment": _ENVIRONMENT,
            "release": one.release,
            "before": one.before,
            "after": one.after,
            "description": one.description,
            "status": "succeeded",
        }
        yield orjson.dumps({name: value for name, value in made.items() if value})


def _log(one: Logged) -> _Object:
    made: _Object = {
        "timeUnixNano": str(_ns(one.at)),
        "severityNumber": _LEVELS[one.level],
        "severityText": one.level.upper(),
        "body": {"stringValue": one.text},
    }
    if one.trace:
        made |= {"traceId": f"{one.trace:032x}", "spanId": f"{one.span:016x}"}
    return made


def _metric(one: Point) -> _Object:
    point = {"timeUnixNano": str(_ns(one.at)), "asDouble": one.value}
    return {"name": one.metric.name, "unit": one.metric.unit, "gauge": {"dataPoints": [point]}}


def _attributes(facts: Mapping[str, Any]) -> list[_Object]:
    return [
        {"key": name, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": value}}
        for name, value in facts.items()
    ]


def _ns(at: float) -> int:
    """Return nanoseconds, in whole microseconds: a double holds no more of today's times."""
    return round(at * 1e6) * 1000
