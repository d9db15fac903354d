"""What normalisation may change, and the word it leaves in the `remarks` column when it does."""

from __future__ import annotations

from ingest.scrub import SCRUB_REMARKS

REMARKS: dict[str, str] = {
    "payload:scrubbed": "NUL characters or lone surrogates were replaced by U+FFFD.",
    "payload:reencoded": "The text was not strict JSON (NaN, Infinity) and was written anew with nulls.",
    "payload:trimmed": "Parts of the event were above their bounds and were cut; its `_meta` says which they were.",
    "timestamp:missing": "No usable timestamp was sent; the time of arrival stands for it.",
    "timestamp:drifted": "The client's clock was wrong by 55 minutes or more; its times were moved by the difference.",
    "timestamp:past": "The timestamp was older than the accepted window and was moved to its start.",
    "timestamp:future": "The timestamp was more than a day ahead and was moved to one day ahead.",
    "level:invalid": "The level was not one of the known ones; `error` (or `info` for logs) stands for it.",
    "release:invalid": "The release had characters a release cannot have, or was too long, and was dropped.",
    "environment:invalid": "The environment had characters it cannot have, or was too long, and was dropped.",
    "dist:trimmed": "The dist was cut to 64 characters.",
    "message:trimmed": "The message was cut to 8192 characters.",
    "body:trimmed": "The message of a log record was cut to 65536 characters.",
    "id:generated": "No id was sent; Amber made one from where the item stood.",
    "error.value:trimmed": "An exception's value was cut to 8192 characters.",
    "columns:trimmed": "A name, an address or an id was cut to fit its column; the payload has it whole.",
    "tags.key:trimmed": "A tag's key was cut to 200 characters.",
    "tags.value:trimmed": "A tag's value was cut to 200 characters.",
    "tags:too_many": "Only the first 200 tags were kept.",
    "tags:invalid": "A tag without a usable key or value was dropped.",
    "contexts.value:trimmed": "A context's member was cut to 1024 characters.",
    "contexts:too_many": "Only the first 500 members of contexts were kept.",
    "modules:too_many": "Only the first 1000 modules were kept.",
    "frames:trimmed": "Frames were cut from the middle of the stacks, to keep 250.",
    "exceptions:trimmed": "Exceptions were cut from the middle of the chain, to keep 50.",
    "transaction:sanitized": "The name was a URL; what identifies one thing became `*`. The payload has it whole.",
    "transaction:route": "The name was a method or an address; the route the span tells stands for it.",
    "user.ip:invalid": "The user's address was no IP address and was dropped.",
    "event_id:generated": "No usable event id was sent; Amber made one.",
    "spans:invalid": "A child span without usable ids or times was dropped.",
    "spans:too_many": "Only the first 1000 child spans were kept.",
    "attributes:invalid": "An attribute had a value that is not of its declared type; the value counts.",
    "duration:negative": "The span ended before it started; its duration is zero.",
    "resource:trimmed": "Of the resource or scope of OpenTelemetry's only 16 KiB of attributes were kept.",
    "metric:not_finite": "The sum, least or greatest value of a histogram was no finite number and was dropped.",
    "profile.samples:invalid": "Samples of a profile without a time or a usable stack were dropped.",
    "profile.samples:trimmed": "Only the first 200000 samples of the profile were read.",
    "replay.event:missing": "A recording came without the event that describes its segment.",
    "replay.recording:unreadable": "The recording could not be read; it is a dead letter, the segment has none.",
    "replay.urls:trimmed": "Only the first 100 pages of the segment were kept.",
    "replay.ids:trimmed": "Only the first 100 ids of errors or traces of the segment were kept.",
    "frames:symbolicated": "Frames of minified or native code were resolved by uploaded source maps or debug files.",
    "frames:unsymbolicated": "Minified frames could not be resolved; the event's page says why.",
    "attachment:placeholder": "Only what the client said of the file is kept: its content was not sent here.",
    "attachment:meta_invalid": "The description of a trace's attachment was unreadable and was dropped.",
    **SCRUB_REMARKS,
}
"""Every remark, with its meaning. `docs/reference/ingest.md` shows this table."""


class Remarks:
    """Collects remarks of one row, each once, in the order they arose."""

    __slots__ = ("_found",)

    def __init__(self, found: tuple[str, ...] = ()) -> None:
        self._found = dict.fromkeys(found)

    def add(self, remark: str) -> None:
        """Note a remark of the table."""
        self._found[remark] = None

    def values(self) -> list[str]:
        """Return the remarks noted so far."""
        return list(self._found)
