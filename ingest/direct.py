"""The hot requests without a thread of their own: examined where they were read, answered when their group is on disk.

Two hand-overs between threads, which each cost a wake-up and a wait for the interpreter, are most of what a server
with a pool of threads does with a small request. Here there is one for all requests of a group commit. Only what is
sure to be quick is taken: a small envelope or event, complete, of a project without rate limits, that nothing is wrong
with. Everything else goes the usual way from its beginning, so both give the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ingest.answers import Answer, refused
from ingest.bodies import SmallBody
from ingest.calls import Call
from ingest.doors.envelopes import ENVELOPE_TYPE, Taken, agreed, examined_envelope, examined_event
from ingest.edge import Edge
from ingest.encodings import decompress, normal_encoding
from ingest.errors import Refused
from ingest.limits import KIB, MIB
from ingest.records import encode_record
from ingest.sink import WaitlessSink

MAX_SENT_BYTES = 256 * KIB
MAX_DECODED_BYTES = MIB
"""Of a request that is examined where it was read: at most some milliseconds, in which no other is read."""

HOT_PATH = re.compile(r"/api/([^/]+)/(envelope|store)/?")
"""What nearly all requests are: project and endpoint."""


class Direct:
    """Takes envelopes and events without waiting.

    Args:
        edge: who sends and what they may send.
        sink: the edge's sink.
    """

    def __init__(self, edge: Edge, sink: WaitlessSink) -> None:
        self._edge = edge
        self._sink = sink

    def begin(self, environ: dict[str, Any], answered: Callable[[Answer], None]) -> bool:
        """Take a request, if it is one to be taken here.

        Args:
            environ: the WSGI environment; the body must be there as a whole.
            answered: called with the answer, once, by another thread.

        Returns:
            Whether `answered` will be called; if not, the environment is as it was.
        """
        path = HOT_PATH.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if path is None:
            return False
        call = Call(environ, {"project": path[1]})
        if not 0 < (call.content_length or 0) <= MAX_SENT_BYTES:
            return False
        taken = self._taken(call, path[2])
        if taken is None:
            environ["wsgi.input"].seek(0)
            return False

        def told(error: Exception | None) -> None:
            answered(taken.answer if error is None else self._full(call))

        self._sink.submit(taken.shard_key, encode_record(taken.record), told)
        return True

    def _taken(self, call: Call, endpoint: str) -> Taken | None:
        """Return what to keep; None when there is anything about the request that is not quick and certain."""
        edge = self._edge
        try:
            snapshot = edge.snapshot()
            sender = edge.claimed(call, snapshot)
            if sender is not None and sender.project.rate_limits:
                return None
            sent = call.read(MAX_SENT_BYTES)
            encoding = normal_encoding(call.header("Content-Encoding"))
            body = SmallBody(sent, encoding, decompress(sent, encoding, MAX_DECODED_BYTES))
            if endpoint == "store" and call.content_type != ENVELOPE_TYPE:
                plain = sender is not None and body.decoded().startswith(b"{")
                found = examined_event(edge, call, sender, body.decoded()) if sender and plain else None
            else:
                parsed = body.envelope(snapshot.limits.max_items)
                sender = agreed(edge, call, parsed, sender)
                found = None if sender.project.rate_limits else examined_envelope(edge, call, sender, parsed, body)
        except Refused:
            return None
        return found if isinstance(found, Taken) else None

    def _full(self, call: Call) -> Answer:
        """Return the refusal of a request whose record could not be kept, counted."""
        refusal = self._edge.full()
        self._edge.count_refusal(refusal, call)
        return refused(refusal)
