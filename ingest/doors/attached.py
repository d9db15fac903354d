"""Files: minidumps, Unreal Engine's crash reports, and attachments that come after their event.

Crash reporters take 429 for a reason to send the same dump again and again, so they are never told: what a rate limit
drops is counted and answered like the rest, with the dashed id as plain text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from engine.ids import new_event_id
from ingest.answers import Answer, empty, plain
from ingest.calls import Call
from ingest.doors.dumps import MAX_DUMP_BYTES, copied, minidump_of, size_of, stored
from ingest.doors.envelopes import take_envelope
from ingest.doors.forms import MULTIPART, Form, form_of
from ingest.edge import Edge, Sender
from ingest.endpoints import Endpoint
from ingest.errors import InvalidItem, Malformed
from ingest.hexids import event_id_of
from ingest.jsontext import decode_json

MINIDUMP_FIELD = "upload_file_minidump"
_ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class _Part:
    """An item in the making: its header, and its payload as a file or in memory."""

    header: Mapping[str, Any]
    content: BinaryIO | bytes

    def chunks(self) -> Iterator[bytes]:
        size = len(self.content) if isinstance(self.content, bytes) else size_of(self.content)
        yield b"\n" + msgspec.json.encode({**self.header, "length": size}) + b"\n"
        if isinstance(self.content, bytes):
            yield self.content
        else:
            yield from copied(self.content)


def minidump(edge: Edge, call: Call) -> Answer:
    """Take a minidump: a form with the file and the event's data, or the bare dump."""
    sender = edge.sender(call)
    with ExitStack() as stack:
        body = stack.enter_context(edge.received(call, sender.snapshot, MAX_DUMP_BYTES))
        if call.content_type == MULTIPART:
            form = stack.enter_context(form_of(body.chunks(), call.environ["CONTENT_TYPE"]))
            event_id, parts = _form_parts(form, stack)
        else:
            event_id = ""
            file = stack.enter_context(stored(body.chunks()))
            parts = [_dump_part("minidump.dmp", stack.enter_context(minidump_of(file)))]
        return _crash(edge, call, sender, event_id or new_event_id(), parts)


def unreal(edge: Edge, call: Call) -> Answer:
    """Take a crash report of the Unreal Engine; it is kept as it is, its parts are not read."""
    sender = edge.sender(call)
    with edge.received(call, sender.snapshot, MAX_DUMP_BYTES) as body, stored(body.chunks()) as file:
        if size_of(file) == 0:
            raise Malformed("bad crash report", "the body is empty")
        header = _attachment("crash_report.ue4", "application/octet-stream", "unreal.report")
        return _crash(edge, call, sender, new_event_id(), [_Part(header, file)])


def attachments(edge: Edge, call: Call) -> Answer:
    """Take files that belong to an event that was sent before: a form, each file one attachment."""
    sender = edge.sender(call)
    event_id = event_id_of(call.arguments["event_id"])
    if not event_id:
        raise Malformed("bad event id", "the path needs an id of 32 hex digits", reason="bad_event_id")
    if call.content_type != MULTIPART:
        raise Malformed("bad form", f"send the files as {MULTIPART}")
    with ExitStack() as stack:
        body = stack.enter_context(edge.received(call, sender.snapshot))
        form = stack.enter_context(form_of(body.chunks(), call.environ["CONTENT_TYPE"]))
        if not form.files:
            raise Malformed("bad form", "it holds no file")
        parts = [_Part(_attachment(f.filename, f.content_type), f.content) for f in form.files]
        answer = _take(edge, call, sender, event_id, parts)
    return empty(201) if answer.status == 200 else answer


def _form_parts(form: Form, stack: ExitStack) -> tuple[str, list[_Part]]:
    """Return the event id a form names, empty when it names none, and the items of the form."""
    dump = next((f for f in form.files if f.name == MINIDUMP_FIELD), None)
    if dump is None:
        raise Malformed("bad minidump", f"the form has no file {MINIDUMP_FIELD}", reason="bad_minidump")
    parts = [_dump_part(dump.filename, stack.enter_context(minidump_of(dump.content)))]
    parts += [_Part(_attachment(f.filename, f.content_type), f.content) for f in form.files if f is not dump]
    if form.fields:
        parts.append(_Part({"type": "form_data"}, msgspec.json.encode(form.fields)))
    return _sentry_event_id(form.fields), parts


def _sentry_event_id(fields: Mapping[str, str]) -> str:
    try:
        sentry = decode_json(fields.get("sentry", "{}").encode()).value
    except InvalidItem:
        sentry = {}
    inside = sentry.get("event_id") if isinstance(sentry, dict) else None
    return event_id_of(inside) or event_id_of(fields.get("sentry[event_id]"))


def _dump_part(filename: str, content: BinaryIO) -> _Part:
    return _Part(_attachment(filename or "minidump.dmp", "application/x-dmp", "event.minidump"), content)


def _attachment(filename: str, content_type: str, kind: str = "event.attachment") -> dict[str, Any]:
    return {
        "type": _ATTACHMENT,
        "attachment_type": kind,
        "filename": filename[:255] or "file",
        "content_type": content_type[:200] or "application/octet-stream",
    }


def _crash(edge: Edge, call: Call, sender: Sender, event_id: str, parts: Sequence[_Part]) -> Answer:
    answer = _take(edge, call, sender, event_id, parts)
    return plain(str(UUID(event_id))) if answer.status in {200, 429} else answer


def _take(edge: Edge, call: Call, sender: Sender, event_id: str, parts: Sequence[_Part]) -> Answer:
    with edge.written(_envelope_chunks(event_id, parts)) as body:
        return take_envelope(edge, call, sender, body.envelope(sender.snapshot.limits.max_items), body)


def _envelope_chunks(event_id: str, parts: Sequence[_Part]) -> Iterator[bytes]:
    yield msgspec.json.encode({"event_id": event_id})
    for part in parts:
        yield from part.chunks()


ATTACHED: tuple[Endpoint, ...] = (
    Endpoint("minidump", "/api/<project>/minidump", minidump, doc="A minidump of a crashed native program."),
    Endpoint("unreal", "/api/<project>/unreal/<key>", unreal, doc="A crash report of the Unreal Engine."),
    Endpoint(
        "event_attachments",
        "/api/<project>/events/<event_id>/attachments",
        attachments,
        doc="Files for an event that was sent before.",
    ),
)
