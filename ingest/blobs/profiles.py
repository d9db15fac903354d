"""Profiles to folded stacks: one row for each thread and distinct stack, with how long it was seen.

Both sample formats are read: version 1, one profile of a transaction, and version 2, a chunk of a continuous profiler
(Sentry's developer documentation, "Sample Format V1" and "V2"). Stacks are lists of frame indices, innermost first.

A sample says which stack a thread had at one moment. Its weight is the time to the next sample of the same thread, in
nanoseconds; the last sample of a thread has no next one and weighs nothing, so the weights of a thread add up to
exactly the time between its first and its last sample. Samples are put in order of time first; samples of one moment
keep the order they were sent in, and all but the last of them weigh nothing. A sample with an empty stack says that the
thread did nothing (browsers send them): the time until the next one belongs to no stack and makes no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.snapshot import ProjectConfig
from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, row_id, trace_id_of
from ingest.jsontext import Document, encode_json
from ingest.normalise.attributes import tags_of
from ingest.normalise.common import MILLISECOND_NS, environment_of, release_of, sdk_columns
from ingest.normalise.inapp import in_app
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.times import clamp_ns, time_ns
from ingest.normalise.values import listed, mapping, short, small_int, text

MAX_SAMPLES = 200_000
MAX_DEPTH = 500
"""Frames of a stack; of deeper ones the innermost and the outermost halves are kept."""

_MAX_NAME_CHARS = 300
_MAX_LINE = 2**32 - 1
_LEFT_OUT = frozenset({"profile", "debug_meta"})
_ANONYMOUS = "<anonymous>"


@dataclass(slots=True)
class _Folded:
    """A stack of one thread: when it was first seen, for how long, and in how many samples."""

    first_ns: int
    weight_ns: int = 0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of a profile by index, each worked out once."""

    sent: Sequence[Any]
    platform: str
    project: ProjectConfig
    _known: dict[int, tuple[str, str, bool]] = field(default_factory=dict)

    def of(self, index: int) -> tuple[str, str, bool]:
        """Return a frame as text, its function, and whether it is the project's own code."""
        found = self._known.get(index)
        if found is None:
            frame = mapping(self.sent[index])
            function = short(frame.get("function"), _MAX_NAME_CHARS) or _ANONYMOUS
            found = _frame_text(frame, function), function, in_app(frame, self.platform, self.project)
            self._known[index] = found
        return found


def profile_rows(document: Document, arrival: Arrival, sha256: str) -> list[Row]:
    """Return the rows of `profiles` of one profile or chunk; `sha256` names the blob with all of it.

    Raises:
        InvalidItem: it has no usable sample, or is in a format without samples (Android's traces).
    """
    data = document.value
    profile = mapping(data.get("profile"))
    if not profile:
        raise InvalidItem(
            "profile_format", "there is no `profile` with samples: only the sample formats 1 and 2 are read"
        )
    remarks = Remarks(document.remarks)
    common = _common(data, arrival, sha256, remarks)
    folded = _folded(profile, _start_ns(data), remarks)
    if not folded:
        raise InvalidItem("no_samples", "the profile has no sample with a time, a stack and frames")
    frames = _Frames(_list(profile.get("frames")), common["platform"], arrival.project)
    threads = mapping(profile.get("thread_metadata"))
    stacks = _list(profile.get("stacks"))
    rows = []
    for (thread, stack), seen in folded.items():
        names = [frames.of(index) for index in _root_first(stacks[stack], remarks)]
        rows.append(_row(common, (thread, threads), names, seen, arrival, remarks))
    said = remarks.values()
    for row in rows:
        row["remarks"] = said
    return _merged(rows)


def _row(
    common: Row,
    thread: tuple[str, dict[str, Any]],
    names: list[tuple[str, str, bool]],
    seen: _Folded,
    arrival: Arrival,
    remarks: Remarks,
) -> Row:
    thread_id, threads = thread
    frames = [frame for frame, _, _ in names]
    retention_days = arrival.project.span_retention_days
    clamped, remark = clamp_ns(seen.first_ns, arrival.received_at_ns, retention_days, arrival.drift_ns)
    if remark:
        remarks.add(remark)
    owner = (arrival.project.id, common["profile_id"], common["profiler_id"], common["chunk_id"])
    return {
        **common,
        "id": row_id(*owner, thread_id, *frames),
        "timestamp": clamped,
        "thread_id": thread_id,
        "thread_name": short(mapping(threads.get(thread_id)).get("name"), _MAX_NAME_CHARS),
        "frames": frames,
        "functions": [function for _, function, _ in names],
        "in_app": [own for _, _, own in names],
        "weight_ns": seen.weight_ns,
        "sample_count": seen.samples,
    }


def _merged(rows: list[Row]) -> list[Row]:
    """Return the rows with those of equal frames made one: distinct stacks of a client may read the same."""
    found: dict[str, Row] = {}
    for row in rows:
        first = found.setdefault(row["id"], row)
        if first is not row:
            first["weight_ns"] += row["weight_ns"]
            first["sample_count"] += row["sample_count"]
            first["timestamp"] = min(first["timestamp"], row["timestamp"])
    return list(found.values())


def _common(data: dict[str, Any], arrival: Arrival, sha256: str, remarks: Remarks) -> Row:
    is_chunk = "chunk_id" in data or "profiler_id" in data
    own_id = event_id_of(data.get("chunk_id" if is_chunk else "event_id") or data.get("profile_id"))
    if not own_id:
        raise InvalidItem("no_profile_id", "the profile has no id")
    transaction = mapping(next(iter(listed(data.get("transactions"))), None) or data.get("transaction"))
    tags = tags_of(data.get("tags"), remarks)
    return {
        "project_id": arrival.project.id,
        "ingested_at": arrival.received_at_ns // MILLISECOND_NS,
        "retention_days": arrival.project.span_retention_days,
        "sample_weight": 1.0,
        "profile_id": "" if is_chunk else own_id,
        "profiler_id": event_id_of(data.get("profiler_id")),
        "chunk_id": own_id if is_chunk else "",
        "profile_sha256": sha256,
        "event_id": event_id_of(transaction.get("id")),
        "trace_id": trace_id_of(transaction.get("trace_id")),
        "span_id": "",
        "transaction": short(transaction.get("name"), _MAX_NAME_CHARS),
        "environment": environment_of(data.get("environment"), remarks),
        "release": release_of(data.get("release"), remarks),
        "service": tags.get("service.name", ""),
        "platform": short(data.get("platform") or arrival.item_header.get("platform"), 64) or "other",
        "server_name": short(data.get("server_name"), 200),
        **sdk_columns(data.get("client_sdk"), arrival),
        "tags": tags,
        "payload": encode_json({name: value for name, value in data.items() if name not in _LEFT_OUT}),
    }


def _start_ns(data: dict[str, Any]) -> int:
    """Return when a version 1 profile began; its samples count from there. Chunks have absolute times."""
    return time_ns(data.get("timestamp")) or 0


def _folded(profile: dict[str, Any], start_ns: int, remarks: Remarks) -> dict[tuple[str, int], _Folded]:
    """Return what was seen of each thread and stack, in order of first sight by thread."""
    samples = _list(profile.get("samples"))
    if len(samples) > MAX_SAMPLES:
        remarks.add("profile.samples:trimmed")
        samples = samples[:MAX_SAMPLES]
    stacks, frames = _list(profile.get("stacks")), len(_list(profile.get("frames")))
    usable = [_is_stack(stack, frames) for stack in stacks]
    threads: dict[str, list[tuple[int, int]]] = {}
    for sample in samples:
        read = _sample(sample, start_ns)
        if read is None or not 0 <= read[2] < len(usable) or not usable[read[2]]:
            remarks.add("profile.samples:invalid")
            continue
        thread, moment, stack = read
        threads.setdefault(thread, []).append((moment, stack))
    found: dict[tuple[str, int], _Folded] = {}
    for thread, seen in threads.items():
        seen.sort(key=lambda one: one[0])
        for place, (moment, stack) in enumerate(seen):
            if not stacks[stack]:
                continue
            following = seen[place + 1][0] if place + 1 < len(seen) else moment
            folded = found.setdefault((thread, stack), _Folded(moment))
            folded.weight_ns += following - moment
            folded.samples += 1
    return found


def _sample(sent: object, start_ns: int) -> tuple[str, int, int] | None:
    """Return thread, time in nanoseconds since the epoch and stack of a sample; None when one is missing."""
    sample = mapping(sent)
    stack = sample.get("stack_id")
    if type(stack) is not int:
        return None
    moment = time_ns(sample["timestamp"]) if "timestamp" in sample else None
    if moment is None:
        elapsed = sample.get("elapsed_since_start_ns", sample.get("relative_timestamp_ns"))
        if isinstance(elapsed, Decimal):
            elapsed = int(elapsed) if 0 <= elapsed < 2**63 else None
        if isinstance(elapsed, str):
            elapsed = int(elapsed) if elapsed.isascii() and elapsed.isdigit() and len(elapsed) < 19 else None
        if type(elapsed) is not int or not 0 <= elapsed < 2**62:
            return None
        moment = start_ns + elapsed
    return text(sample.get("thread_id"))[:64], moment, stack


def _is_stack(stack: object, frames: int) -> bool:
    return isinstance(stack, list) and all(type(i) is int and 0 <= i < frames for i in stack)


def _list(value: object) -> list[Any]:
    """Return a list as it is: what is no list is none, but its nulls keep their places, because indices count them."""
    return value if isinstance(value, list) else []


def _root_first(stack: list[int], remarks: Remarks) -> list[int]:
    ordered = stack[::-1]
    if len(ordered) <= MAX_DEPTH:
        return ordered
    remarks.add("frames:trimmed")
    return ordered[: MAX_DEPTH // 2] + ordered[-(MAX_DEPTH // 2) :]


def _frame_text(frame: dict[str, Any], function: str) -> str:
    """Return `module:function file:line`; what is not known is left out, an address stands for a missing function."""
    module = short(frame.get("module"), _MAX_NAME_CHARS)
    if function == _ANONYMOUS and (address := short(frame.get("instruction_addr"), 32)):
        function = address
    name = f"{module}:{function}" if module else function
    path = frame.get("filename") or frame.get("abs_path") or frame.get("package")
    file = short(path, _MAX_NAME_CHARS)
    line = small_int(frame.get("lineno"), _MAX_LINE)
    return name + (f" {file}" if file else "") + (f":{line}" if file and line else "")
