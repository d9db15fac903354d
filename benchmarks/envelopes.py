"""Realistic error envelopes, made by the unmodified Sentry SDK from exceptions that are really raised.

Small modules are generated, compiled and called; the innermost function raises, the SDK records frames, source lines,
local variables, breadcrumbs, request, user and tags. What came out is cut into a template: text, and slots where a
value stood that differs from event to event in life (ids, keys, amounts, addresses of objects, times). Sending an
event fills the slots anew, so every event carries values no other has, and a store cannot get small by recognising
whole events. With `same_values` only the event id and the times are new, which is what a store sees from load
generators that replay a handful of bodies.
"""

from __future__ import annotations

import gzip
import json
import linecache
import math
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

SERVICES = ("checkout", "billing", "catalog", "search", "accounts", "shipping", "inventory", "notify", "auth")
VERBS = ("load", "save", "render", "validate", "reserve", "refund", "index", "send", "merge", "expire", "sync", "price")
NOUNS = ("order", "invoice", "cart", "user", "session", "parcel", "coupon", "ticket", "report", "webhook", "token")
ERRORS = (ValueError, KeyError, TypeError, RuntimeError, TimeoutError, ConnectionError, PermissionError, LookupError)
TAGS = ("region", "zone", "tenant_tier", "feature_flag", "payment_provider", "locale", "device_class", "pod_template")
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
)
PACKAGES = {f"package-{n}": f"{n % 7}.{n % 11}.{n % 3}" for n in range(25)}
"""Stands for the list of installed packages, which would otherwise differ from machine to machine."""

_HEX_MARK, _NUMBER_MARK = "a5e17c0de5", "77300"
_SLOT = re.compile(
    rb"(?P<hex>a5e17c0de5[0-9a-f]{22})"
    rb"|(?P<number>77300\d{7})"
    rb"|(?P<time>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"
    rb"|(?P<address>0x7[0-9a-f]{11})"
)
_SPREAD_S = 600.0
"""Events are dated within the last ten minutes, as when clients send with some delay."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a template that is filled when an event is made.

    Attributes:
        kind: `hex`, `number`, `time` or `address`.
        key: the text that stood there; equal keys of one template get equal values.
        size: number of hex digits, or the exclusive upper end of a number.
    """

    kind: str
    key: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Template:
    """One captured event: texts and slots in turn, starting and ending with a text."""

    issue: int
    item_header: dict[str, Any]
    texts: tuple[bytes, ...]
    slots: tuple[Slot, ...]
    event_id: bytes
    original: dict[bytes, bytes]

    @property
    def entropy_bits(self) -> float:
        """Random bits a fresh event of this template carries besides its times."""
        sizes = {slot.key: (slot.kind, slot.size) for slot in self.slots}
        return sum(4 * size if kind != "number" else math.log2(size) for kind, size in sizes.values() if kind != "time")


@dataclass(slots=True)
class _Marks:
    """Hands out marked values, to be found again in what the SDK made of them."""

    rng: random.Random
    sizes: list[int] = field(default_factory=list)

    def key(self) -> str:
        """Return a marked 32-digit key."""
        return f"{_HEX_MARK}{len(self.sizes) + self.rng.randrange(10**6) * 10**6:022x}"

    def number(self, size: int) -> int:
        """Return a marked number that stands for one below `size`."""
        self.sizes.append(size)
        return int(f"{_NUMBER_MARK}{len(self.sizes) - 1:07d}")


class _Capture(Transport):
    """A transport that keeps envelopes instead of sending them."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the envelope."""
        self.envelopes.append(envelope)


def build_templates(*, issues: int, variants: int, seed: int) -> list[Template]:
    """Make `issues` different errors with `variants` events each. The SDK of this process is initialised anew."""
    rng = random.Random(seed)
    capture = _Capture()
    sentry_sdk.init(
        dsn="http://0123456789abcdef0123456789abcdef@127.0.0.1:1/1",
        transport=capture,
        auto_enabling_integrations=False,
        server_name="web-1",
        max_breadcrumbs=20,
    )
    templates = []
    for issue in range(issues):
        entry, service = _module(rng, issue)
        for _ in range(variants):
            marks = _Marks(rng)
            capture.envelopes.clear()
            _raise_and_capture(rng, marks, entry, service=service, issue=issue)
            templates.append(_cut(capture.envelopes[0], marks, issue))
    return templates


def _module(rng: random.Random, issue: int) -> tuple[Callable[..., Any], str]:
    """Compile a module of eight to twelve functions that call each other; return the outermost and the service."""
    service = SERVICES[issue % len(SERVICES)]
    names = [f"{rng.choice(VERBS)}_{rng.choice(NOUNS)}_{depth}" for depth in range(rng.randint(8, 12))]
    lines = [f'"""Handlers of {service}."""', "", "", "class Record:", "    pass", "", ""]
    for depth, name in enumerate(names):
        last = depth + 1 == len(names)
        inner = "" if last else f"return {names[depth + 1]}(dict(payload, step={depth}), error, message)"
        lines += [
            f"def {name}(payload, error, message):",
            f"    attempt = {rng.randint(1, 5)}",
            f"    prices = [round(x * {rng.random():.3f}, 2) for x in range({rng.randint(3, 9)})]",
            f"    settings = {{'retries': {rng.randint(1, 9)}, 'currency': 'EUR', 'service': {service!r}}}",
            "    record = Record()",
            "    key = payload.get('id')",
            "    if not key:",
            "        return None",
            f"    {inner or 'raise error(message)'}",
            "",
            "",
        ]
    source = "\n".join(lines)
    filename = f"/srv/app/{service}/handlers_{issue}.py"
    linecache.cache[filename] = (len(source), None, [f"{line}\n" for line in lines], filename)
    namespace: dict[str, Any] = {"__name__": f"app.{service}.handlers_{issue}"}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[names[0]], service


def _raise_and_capture(
    rng: random.Random, marks: _Marks, entry: Callable[..., Any], *, service: str, issue: int
) -> None:
    error = ERRORS[issue % len(ERRORS)]
    request_key = marks.key()
    payload = {
        "id": marks.number(10**9),
        "request": request_key,
        "customer": {"id": marks.number(10**7), "reference": marks.key()},
        "lines": [{"sku": f"S{n}", "qty": n, "price": marks.number(10**5)} for n in range(4)],
    }
    message = f"{service}: cannot handle {NOUNS[issue % len(NOUNS)]} (no. {issue})"
    with sentry_sdk.isolation_scope() as scope:
        scope.clear_breadcrumbs()
        _breadcrumbs(rng, marks, service)
        _describe(rng, marks, scope, service=service, issue=issue)
        scope.add_event_processor(_request_of(rng, marks, service=service, issue=issue, request_key=request_key))
        _handle(entry, payload, error, message)


def _handle(entry: Callable[..., Any], payload: dict[str, Any], error: type[Exception], message: str) -> None:
    """Call the module and report what it raises. This frame is part of what is sent, so it has few locals."""
    try:
        entry(payload, error, message)
    except error as problem:
        sentry_sdk.capture_exception(problem)


def _breadcrumbs(rng: random.Random, marks: _Marks, service: str) -> None:
    for _ in range(rng.randint(8, 14)):
        table = f"{rng.choice(NOUNS)}s"
        sentry_sdk.add_breadcrumb(
            category=rng.choice(["query", "http", "log", "cache"]),
            level="info",
            message=f"SELECT id, total FROM {table} WHERE account = {marks.number(10**7)} LIMIT {rng.randint(1, 99)}",
            data={"duration_us": marks.number(400_000), "rows": marks.number(50), "service": service},
        )


def _describe(rng: random.Random, marks: _Marks, scope: sentry_sdk.Scope, *, service: str, issue: int) -> None:
    number = marks.number(10**6)
    address = f"10.0.7.{rng.randint(1, 254)}"
    scope.set_user({"id": str(number), "email": f"user{number}@example.org", "ip_address": address})
    for name in TAGS:
        scope.set_tag(name, f"{name[:3]}-{rng.randint(1, 12)}")
    scope.set_tag("order_no", str(marks.number(10**8)))
    scope.set_transaction_name(f"/{service}/{NOUNS[issue % len(NOUNS)]}/{issue}")
    scope.set_context("order", {"id": marks.number(10**9), "total": marks.number(10**5), "lines": rng.randint(1, 30)})


def _request_of(
    rng: random.Random, marks: _Marks, *, service: str, issue: int, request_key: str
) -> Callable[[Any, Any], Any]:
    request = {
        "url": f"https://shop.example.org/{service}/{issue}",
        "method": "POST",
        "query_string": f"page={rng.randint(1, 9)}&ref=mail",
        "data": {"quantity": rng.randint(1, 9), "sku": f"SKU-{marks.number(10**4)}"},
        "headers": {
            "User-Agent": rng.choice(AGENTS),
            "Accept": "application/json",
            "Host": "shop.example.org",
            "Content-Type": "application/json",
            "X-Request-Id": request_key,
        },
    }
    release = f"shop@{rng.randint(1, 3)}.{rng.randint(0, 9)}.{rng.randint(0, 5)}"
    environment = rng.choice(["production"] * 6 + ["staging", "canary"])

    def add(event: Any, _hint: Any) -> Any:
        return {**event, "request": request, "release": release, "environment": environment, "modules": PACKAGES}

    return add


def _cut(envelope: Envelope, marks: _Marks, issue: int) -> Template:
    """Cut the payload of the envelope's one item into texts and slots."""
    _, item_header, body = envelope.serialize().split(b"\n")[:3]
    event = json.loads(body)
    trace = event["contexts"]["trace"]
    ids = {value.encode(): len(value) for value in (trace["trace_id"], trace["span_id"], event["event_id"]) if value}
    pattern = re.compile(b"|".join([*map(re.escape, ids), _SLOT.pattern]))
    texts, slots, end = [], [], 0
    for found in pattern.finditer(body):
        texts.append(body[end : found.start()])
        slots.append(_slot(found, ids, marks))
        end = found.end()
    rng = random.Random(issue)
    texts.append(body[end:])
    return Template(
        issue=issue,
        item_header=json.loads(item_header),
        texts=tuple(texts),
        slots=tuple(slots),
        event_id=event["event_id"].encode(),
        original={slot.key: _fresh(slot, rng) for slot in slots},
    )


def _slot(found: re.Match[bytes], ids: dict[bytes, int], marks: _Marks) -> Slot:
    key, kind = found.group(), found.lastgroup
    if key in ids:
        return Slot("hex", key, ids[key])
    if kind == "number":
        return Slot("number", key, marks.sizes[int(key[len(_NUMBER_MARK) :])])
    if kind == "address":
        return Slot("address", key, 8)
    return Slot(kind or "hex", key, len(key))


def _fresh(slot: Slot, rng: random.Random) -> bytes:
    if slot.kind == "number":
        return b"%d" % rng.randrange(slot.size)
    if slot.kind == "address":
        return b"0x7f2a%08x" % rng.getrandbits(32)
    return f"{rng.getrandbits(4 * slot.size):0{slot.size}x}".encode()


def envelope(template: Template, rng: random.Random, now: float, *, same_values: bool = False) -> tuple[bytes, bytes]:
    """Make an event of `template`.

    Args:
        template: what to fill.
        rng: source of the values.
        now: seconds since the epoch; the event is dated within the ten minutes before.
        same_values: keep the values of the template, the event id and the times excepted.

    Returns:
        The event id and the uncompressed envelope.
    """
    values = dict(template.original) if same_values else {}
    at = now - rng.random() * _SPREAD_S
    for slot in template.slots:
        if slot.kind == "time":
            if slot.key not in values or values[slot.key] is template.original.get(slot.key):
                at += rng.random() * 0.02
                values[slot.key] = _moment(at)
        elif slot.key == template.event_id:
            values.setdefault(b"", _fresh(slot, rng))
            values[slot.key] = values[b""]
        elif slot.key not in values:
            values[slot.key] = _fresh(slot, rng)
    parts: list[bytes] = []
    for text, slot in zip(template.texts, template.slots, strict=False):
        parts += (text, values[slot.key])
    body = b"".join([*parts, template.texts[-1]])
    event_id = values[template.event_id]
    header = json.dumps({"event_id": event_id.decode(), "sent_at": _moment(now).decode()}).encode()
    item = json.dumps({**template.item_header, "length": len(body)}).encode()
    return event_id, b"\n".join([header, item, body, b""])


def _moment(seconds: float) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()


def bodies(
    templates: list[Template], count: int, *, seed: int, same_values: bool = False
) -> Iterator[tuple[bytes, bytes]]:
    """Yield `count` event ids with their gzipped envelopes. Few issues get most of the events, the others get some."""
    rng = random.Random(seed)
    weights = [1 / (template.issue + 1) ** 0.8 for template in templates]
    for template in rng.choices(templates, weights, k=count):
        event_id, raw = envelope(template, rng, time.time(), same_values=same_values)
        yield event_id, gzip.compress(raw, 6)
