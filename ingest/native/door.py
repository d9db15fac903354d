"""`POST /api/v1/ingest/<dataset>`: lines into a dataset, each judged by itself.

A bad line is answered with its number and what is wrong with it, and the good ones are stored, like OTLP's partial
success. With an `Idempotency-Key` (or `?idempotency_key=`) the same request may be sent again: its lines count once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.ids import new_event_id
from ingest.answers import Answer, document
from ingest.calls import Call
from ingest.doors.envelopes import too_many
from ingest.edge import Edge, Sender
from ingest.endpoints import Endpoint
from ingest.envelope import print_envelope
from ingest.errors import InvalidItem, Malformed, Refused
from ingest.items import DATASET_CATEGORIES
from ingest.jsontext import Document, decode_json
from ingest.limiter import REASON
from ingest.limits import MIB
from ingest.native.checks import check_line
from ingest.native.formats import lines_of, statsd_lines
from ingest.native.lines import NATIVE_DATASETS, BadLine, read_line

MAX_BODY_BYTES = 64 * MIB
MAX_LINE_BYTES = MIB
MAX_ERRORS_TOLD = 100
NATIVE = "native"
STATSD = "statsd"

_CHUNK_BYTES = 4 * MIB
_CHUNK_LINES = 5000
_MAX_TOKEN = 200


@dataclass(slots=True)
class Judged:
    """The lines of a request.

    Attributes:
        good: number and text of those that can become rows.
        bad: number and reason of those that cannot.
        bad_bytes: size of the bad ones together.
    """

    good: list[tuple[int, bytes]] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    bad_bytes: int = 0


def native(edge: Edge, call: Call) -> Answer:
    """Take lines of a dataset."""
    name = call.arguments["dataset"]
    if name not in NATIVE_DATASETS and name != STATSD:
        raise Refused(
            "unknown dataset",
            status=404,
            reason="unknown_dataset",
            causes=(f"one of {', '.join((*NATIVE_DATASETS, STATSD))}",),
        )
    sender = edge.sender(call)
    token = call.header("Idempotency-Key") or call.parameter("idempotency_key")
    if len(token) > _MAX_TOKEN:
        raise Malformed("bad idempotency key", f"it has more than {_MAX_TOKEN} characters")
    body = edge.decoded(call, sender, MAX_BODY_BYTES)
    lines = statsd_lines(body) if name == STATSD else lines_of(body, call.content_type)
    return take_lines(edge, call, sender, "metrics" if name == STATSD else name, lines, token)


def take_lines(
    edge: Edge, call: Call, sender: Sender, dataset: str, lines: Iterable[tuple[int, bytes]], token: str
) -> Answer:
    """Keep the good ones of numbered lines and return the answer, which tells the bad ones.

    `token` is what the sender calls this request, empty when it has no name.
    """
    judged = judge(dataset, lines)
    category = DATASET_CATEGORIES[dataset]
    if judged.bad:
        edge.count(sender, "invalid", category, "line", quantity=len(judged.bad), size=judged.bad_bytes)
    verdict = edge.admit(sender, [(category, len(judged.good))])
    if category in verdict.limited and judged.good:
        size = sum(len(text) for _, text in judged.good)
        edge.count(sender, "rate_limited", category, REASON, quantity=len(judged.good), size=size)
        return too_many(verdict)
    keep_lines(edge, call, sender, dataset, judged.good, token)
    told: dict[str, Any] = {
        "accepted": len(judged.good),
        "rejected": len(judged.bad),
        "errors": [{"line": number, "reason": reason} for number, reason in judged.bad[:MAX_ERRORS_TOLD]],
        "errors_truncated": len(judged.bad) > MAX_ERRORS_TOLD,
    }
    return document(told, 400 if judged.bad and not judged.good else 200, verdict.headers(retry_after=False))


def judge(dataset: str, lines: Iterable[tuple[int, bytes]]) -> Judged:
    """Return which of numbered lines can become rows of a dataset."""
    judged = Judged()
    for number, raw in lines:
        text = raw.strip()
        try:
            checked = _checked(dataset, text)
        except BadLine as error:
            judged.bad.append((number, str(error)[:500]))
            judged.bad_bytes += len(text)
        except InvalidItem as error:
            judged.bad.append((number, f"not JSON: {error.message}"[:500]))
            judged.bad_bytes += len(text)
        else:
            # One line each, whatever stood between the tokens of a pretty one.
            judged.good.append((number, checked.text.replace(b"\n", b" ").replace(b"\r", b" ")))
    return judged


def _checked(dataset: str, text: bytes) -> Document:
    if len(text) > MAX_LINE_BYTES:
        raise BadLine(f"more than {MAX_LINE_BYTES} bytes")
    found = decode_json(text)
    check_line(dataset, read_line(dataset, found.value))
    return found


def keep_lines(
    edge: Edge, call: Call, sender: Sender, dataset: str, lines: Sequence[tuple[int, bytes]], token: str
) -> None:
    """Put checked lines into the spool, durably; Refused when there is no room."""
    name = token_of(dataset, token) if token else new_event_id()
    for chunk in chunks_of(lines):
        edge.keep(sender, call, "envelope", native_envelope(dataset, name, chunk, once=bool(token)), name.encode())


def token_of(dataset: str, name: str) -> str:
    """Return what stands in the headers of the lines of a request or file that has a name."""
    return hashlib.blake2b(f"{dataset}\0{name}".encode(), digest_size=16).hexdigest()


def native_envelope(dataset: str, token: str, lines: Sequence[tuple[int, bytes]], *, once: bool) -> bytes:
    """Return checked lines as an envelope.

    Args:
        dataset: what they are.
        token: of `token_of`, or one of chance: part of the ids of the rows.
        lines: numbers and texts; each text is one line.
        once: whether lines that were met before under this token are left out.
    """
    numbers = [number for number, _ in lines]
    header: dict[str, Any] = {
        "type": NATIVE,
        "dataset": dataset,
        "token": token,
        "once": once,
        "first": numbers[0],
        "item_count": len(lines),
    }
    if numbers[-1] - numbers[0] != len(lines) - 1 or len(set(numbers)) < len(lines):
        header["numbers"] = numbers
    return print_envelope({}, ((header, b"\n".join(text for _, text in lines)),))


def chunks_of(lines: Sequence[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Yield lines in pieces that fit into raw records."""
    chunk: list[tuple[int, bytes]] = []
    size = 0
    for line in lines:
        if chunk and (size + len(line[1]) > _CHUNK_BYTES or len(chunk) >= _CHUNK_LINES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += len(line[1])
    if chunk:
        yield chunk


NATIVE_ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "native",
        "/api/v1/ingest/<dataset>",
        native,
        doc="Lines of a dataset as NDJSON, a JSON list, an Arrow stream or statsd; bad ones are told by number.",
    ),
)
