"""What a span did, told by its attributes: operation, description, status and the source of its name.

The rules follow Sentry's OpenTelemetry mapping (operations such as `http.server` and `db`), with the names of
OpenTelemetry's semantic conventions, older spellings after newer ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.normalise.spandata import GRPC_STATUSES, STATUSES, first_of, status_of
from ingest.normalise.values import short, small_int, text

METHOD = ("http.request.method", "http.method")
ROUTE = ("http.route",)
TARGET = ("url.full", "http.url", "http.route", "url.path", "http.target")
_HTTP_STATUS = ("http.response.status_code", "http.status_code")
_DB = ("db.system.name", "db.system")
_DB_TEXT = ("db.query.text", "db.statement", "db.query.summary")
_DB_OPERATION = ("db.operation.name", "db.operation")
_DB_TARGET = ("db.collection.name", "db.sql.table", "db.mongodb.collection", "db.namespace", "db.name")
_RPC = ("rpc.system.name", "rpc.system")
_RPC_STATUS = ("rpc.response.status_code", "rpc.grpc.status_code")
_MESSAGING = ("messaging.system",)
_MESSAGING_OPERATION = ("messaging.operation.type", "messaging.operation")
_DESTINATION = ("messaging.destination.name", "messaging.destination")
_GEN_AI = ("gen_ai.provider.name", "gen_ai.system", "gen_ai.operation.name")
_GRAPHQL = ("graphql.operation.type", "graphql.document")
_FAAS = ("faas.trigger", "faas.invoked_name")

_QUEUE_OPERATIONS = {
    "publish": "queue.publish",
    "send": "queue.publish",
    "create": "queue.create",
    "receive": "queue.receive",
    "process": "queue.process",
    "deliver": "queue.process",
    "settle": "queue.settle",
}
_QUEUE_KINDS = {"producer": "queue.publish", "consumer": "queue.process"}

_STATUS_OF_HTTP = {
    400: "invalid_argument",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    408: "deadline_exceeded",
    409: "already_exists",
    413: "failed_precondition",
    429: "resource_exhausted",
    499: "cancelled",
    500: "internal_error",
    501: "unimplemented",
    503: "unavailable",
    504: "deadline_exceeded",
}
"""HTTP statuses with a word of their own; of the others 4xx is invalid_argument and 5xx internal_error."""


def op_of(kind: str, attributes: Mapping[str, Any]) -> str:
    """Return the operation, empty when the attributes tell of none."""
    sent = short(attributes.get("sentry.op"), 200)
    if sent:
        return sent
    if first_of(attributes, METHOD) is not None:
        return f"http.{kind}" if kind in {"server", "client"} else "http"
    if first_of(attributes, _DB) is not None:
        return "db"
    if first_of(attributes, _GEN_AI) is not None:
        operation = short(attributes.get("gen_ai.operation.name"), 100)
        return f"gen_ai.{operation}" if operation else "gen_ai"
    if first_of(attributes, _MESSAGING) is not None:
        operation = short(first_of(attributes, _MESSAGING_OPERATION), 100).lower()
        return _QUEUE_OPERATIONS.get(operation) or _QUEUE_KINDS.get(kind, "queue")
    if first_of(attributes, (*_RPC, "rpc.service")) is not None:
        return f"rpc.{kind}" if kind in {"server", "client"} else "rpc"
    if first_of(attributes, _GRAPHQL) is not None:
        return "graphql"
    return "function" if first_of(attributes, _FAAS) is not None else ""


def name_of(sent: str, attributes: Mapping[str, Any]) -> str:
    """Return a span's name; one without gets what its attributes say it did (Relay does the same)."""
    return sent.strip() or _told(attributes)


def _told(attributes: Mapping[str, Any]) -> str:
    method = short(first_of(attributes, METHOD), 20)
    if method:
        return f"{method} {short(first_of(attributes, (*ROUTE, 'url.path', *TARGET)), 1000)}".strip()
    if first_of(attributes, _DB) is not None:
        summary = short(attributes.get("db.query.summary"), 200)
        return summary or _joined(attributes, _DB_OPERATION, _DB_TARGET) or short(first_of(attributes, _DB_TEXT), 1000)
    if first_of(attributes, _MESSAGING) is not None:
        return _joined(attributes, _MESSAGING_OPERATION, _DESTINATION)
    service, called = short(attributes.get("rpc.service"), 200), short(attributes.get("rpc.method"), 200)
    return "/".join(part for part in (service, called) if part)


def _joined(attributes: Mapping[str, Any], *names: tuple[str, ...]) -> str:
    return " ".join(part for wanted in names if (part := short(first_of(attributes, wanted), 200)))


def description_of(name: str, kind: str, attributes: Mapping[str, Any]) -> str:
    """Return what was done: the statement, method and address of an outgoing request, else the name."""
    sent = text(attributes.get("sentry.description"))
    if sent:
        return sent
    statement = first_of(attributes, _DB_TEXT) if first_of(attributes, _DB) is not None else None
    if statement:
        return text(statement)
    method = short(first_of(attributes, METHOD), 20)
    target = short(first_of(attributes, TARGET), 4096) if kind == "client" else ""
    return f"{method} {target}" if method and target else name


def url_of(attributes: Mapping[str, Any]) -> str:
    """Return the URL, of a server's span put together from its parts; empty when the attributes tell of none."""
    full = short(first_of(attributes, ("url.full", "http.url", "url")), 4096)
    path = short(first_of(attributes, ("url.path", "http.target")), 4096)
    if full or not path:
        return full
    query = short(attributes.get("url.query"), 4096)
    target = f"{path}?{query}" if query and "?" not in path else path
    host = short(first_of(attributes, ("server.address", "http.host", "net.host.name")), 300)
    if not host:
        return target[:4096]
    scheme = short(first_of(attributes, ("url.scheme", "http.scheme")), 20) or "http"
    port = small_int(first_of(attributes, ("server.port", "net.host.port")), 65_535)
    shown = f":{port}" if port and ":" not in host and port != {"http": 80, "https": 443}.get(scheme) else ""
    return f"{scheme}://{host}{shown}{target}"[:4096]


def sent_source(attributes: Mapping[str, Any]) -> str:
    """Return where the client says that the segment's name came from, empty when it does not."""
    return short(first_of(attributes, ("sentry.segment.name.source", "sentry.span.source", "sentry.source")), 64)


def source_of(attributes: Mapping[str, Any]) -> str:
    """Return where a segment's name came from."""
    sent = sent_source(attributes)
    if sent:
        return sent
    if first_of(attributes, ROUTE) is not None:
        return "route"
    if first_of(attributes, METHOD) is not None:
        return "url"
    if first_of(attributes, _MESSAGING) is not None:
        return "task"
    return "component" if first_of(attributes, (*_RPC, "rpc.service")) is not None else "custom"


def span_status(code: str, message: str, attributes: Mapping[str, Any]) -> str:
    """Return the status word.

    `ok` stands. Errors get the word their gRPC or HTTP status has, or that their message is, else internal_error. Unset
    means ok (Relay), unless a gRPC or HTTP status says otherwise (Sentry's OpenTelemetry SDKs).
    """
    if code == "ok":
        return "ok"
    inferred = _of_rpc(attributes) or _of_http(attributes)
    if code != "error":
        return inferred or "ok"
    word = status_of(message)
    if word in STATUSES and word not in {"ok", "unknown"}:
        return word
    return inferred if inferred not in {"", "ok"} else "internal_error"


def _of_rpc(attributes: Mapping[str, Any]) -> str:
    sent = first_of(attributes, _RPC_STATUS)
    if sent is None:
        return ""
    if isinstance(sent, str) and not sent.isdigit():
        word = status_of(sent)
        return word if word in STATUSES else ""
    code = small_int(sent, 16)
    return GRPC_STATUSES[code] if code or sent in {0, "0"} else ""


def _of_http(attributes: Mapping[str, Any]) -> str:
    code = small_int(first_of(attributes, _HTTP_STATUS), 599)
    if code < 400:
        return "ok" if code else ""
    return _STATUS_OF_HTTP.get(code) or ("invalid_argument" if code < 500 else "internal_error")
