"""The grouping algorithm: which material of an event decides, in what order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from ml.grouping._client import client_entries, expand, is_default
from ml.grouping._evidence import InformedFrames
from ml.grouping._frames import FrameKeys, is_weak
from ml.grouping._mask import Masker
from ml.grouping._model import Grouping, Source
from ml.grouping._read import frames_of, has_frames, mapping, mappings, text
from ml.grouping._rules import Rules
from ml.signature import NOTHING, looks_like_report, signature

_Parts = tuple[Source, tuple[str, ...]]


class Algorithm:
    """Groups events by one version's rules. Stateless but for bounded caches; safe to share by threads."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.frames = FrameKeys(rules) if rules.evidence is None else InformedFrames(rules, rules.evidence)
        self._masker = Masker(rules)

    def group(self, event: Mapping[str, Any]) -> Grouping:
        """The group of an event."""
        source, parts = self._default(event)
        entries = client_entries(event)
        if entries and not all(is_default(entry) for entry in entries):
            parts = self._client(entries, event, source, parts)
            source = "client"
        return Grouping(self._rules.name, digest(source, parts), parts, source)

    def mask(self, message: str) -> str:
        """The message with its changing parts as placeholders."""
        return self._masker.mask(message)

    @staticmethod
    def _client(
        entries: Sequence[str], event: Mapping[str, Any], source: Source, parts: tuple[str, ...]
    ) -> tuple[str, ...]:
        filled: list[str] = []
        for entry in entries:
            if is_default(entry):
                filled += [source, *parts]
            else:
                filled.append(expand(entry, event, lambda: f"{digest(source, parts):016x}"))
        return tuple(filled)

    def _default(self, event: Mapping[str, Any]) -> _Parts:
        exceptions = mappings(event.get("exception"))
        by_root = self._rules.chain == "root"
        if self._rules.reports and not _has_frames(exceptions, event) and (crash := _crash(exceptions, event)):
            return "report", crash
        if exceptions and (parts := (self._roots if by_root else self._exceptions)(exceptions, event)):
            return "exception", parts
        message = self._message(event)
        if frames := self.frames.keys(_stack_without_exception(event)):
            # A shared helper logs many messages from one place; a formatted text without template may hold
            # what no mask knows, and so counts only where the frames say nothing.
            if message is not None and (message[0] == "template" or is_weak(frames)):
                return "stacktrace", (*frames, *message[1])
            return "stacktrace", frames
        return message or ("fallback", _fallback(event))

    def _exceptions(self, exceptions: Sequence[Mapping[str, Any]], event: Mapping[str, Any]) -> tuple[str, ...]:
        """The chain's parts: type and frames of each; types and masked values when no stack is usable."""
        chain = exceptions[: self._rules.max_exceptions]
        stacks = [self.frames.keys(frames_of(exception), text(exception.get("type"))) for exception in chain]
        if not any(stacks):
            stacks[-1] = self.frames.keys(_stack_without_exception(event))
        has_stack = any(stacks)
        blocks: list[tuple[str, ...]] = []
        for exception, stack in zip(chain, stacks, strict=True):
            block = self._block(exception, stack, with_value=not has_stack)
            if block and (not blocks or blocks[-1] != block):
                blocks.append(block)
        if any(is_group(exception) for exception in chain):
            blocks = self._merge_group(chain, blocks)
        return tuple(part for block in blocks for part in block)

    def _roots(self, exceptions: Sequence[Mapping[str, Any]], event: Mapping[str, Any]) -> tuple[str, ...]:
        """The parts of the root cause of each chain.

        What wraps a cause (`raise X from Y`, `InvocationTargetException`, `cause`) is not looked at, for frameworks
        wrap as they please; what was raised while another was handled (`__context__`) is an error of its own.
        """
        chain = exceptions[: self._rules.max_exceptions]
        if any(is_group(exception) for exception in chain):
            return self._exceptions(exceptions, event)
        parts: list[str] = []
        for links in causes(chain):
            stacks: list[Sequence[Mapping[str, Any]]] = [frames_of(exception) for exception in links]
            if not any(stacks):
                stacks = [_stack_without_exception(event)]
            informed = stacks[0] if len(stacks) == 1 else self._informed(stacks)
            block = self._block(
                links[0], self.frames.keys(informed, text(links[0].get("type"))), with_value=not any(stacks)
            )
            parts += [part for part in block if block and tuple(parts[-len(block) :]) != block]
        return tuple(parts)

    def _informed(self, stacks: Sequence[Sequence[Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        """The stack nearest to the cause that has frames of the project, else the first with any."""
        return next((s for s in stacks if self._has_own(s)), None) or next((s for s in stacks if s), ())

    def _has_own(self, frames: Sequence[Mapping[str, Any]]) -> bool:
        return isinstance(self.frames, InformedFrames) and self.frames.in_app_keys(frames)

    def _block(self, exception: Mapping[str, Any], stack: tuple[str, ...], *, with_value: bool) -> tuple[str, ...]:
        kind = self.frames.type_name(text(exception.get("type")))
        # A synthetic exception's type names the reporter, not the error (Sentry's `mechanism.synthetic`).
        if stack and mapping(exception.get("mechanism")).get("synthetic") is True:
            kind = ""
        block: tuple[str, ...] = (f"type {kind}",) if kind else ()
        block += tuple(f"frame {frame}" for frame in stack)
        if (with_value or is_weak(stack)) and (value := text(exception.get("value"))):
            block = (*block, f"value {self._masker.mask(value)}")
        return block

    def _merge_group(
        self, chain: Sequence[Mapping[str, Any]], blocks: Sequence[tuple[str, ...]]
    ) -> list[tuple[str, ...]]:
        """The members of exception groups as a set: order and repetition depend on timing, not the bug."""
        wrappers = {self.frames.type_name(text(entry.get("type"))) for entry in chain if is_group(entry)}
        members = {block for block in blocks if not any(block[0] == f"type {name}" for name in wrappers)}
        if len(members) <= 1:
            return list(members or blocks)
        return [("group", *sorted(wrappers)), *sorted(members)]

    def _message(self, event: Mapping[str, Any]) -> _Parts | None:
        entry = mapping(event.get("logentry")) or mapping(event.get("message"))
        template, formatted = text(entry.get("message")), text(entry.get("formatted"))
        if template and (entry.get("params") or (formatted and formatted != template)):
            return "template", (self._masker.mask(template),)
        message = formatted or template or text(event.get("message")) or text(event.get("logentry"))
        return ("message", (self._masker.mask(message),)) if message else None


def digest(source: str, parts: Sequence[str]) -> int:
    """The 64-bit key of parts: BLAKE2b over length-prefixed UTF-8, so that no two lists share an encoding.

    The version is not hashed: an event whose parts a new version leaves alone keeps its issue.
    """
    pieces: list[bytes] = []
    for part in (source, *parts):
        encoded = part.encode("utf-8", "surrogatepass")
        pieces += (len(encoded).to_bytes(4, "little"), encoded)
    return int.from_bytes(blake2b(b"".join(pieces), digest_size=8).digest(), "little")


def _has_frames(exceptions: Sequence[Mapping[str, Any]], event: Mapping[str, Any]) -> bool:
    return any(has_frames(exception) for exception in exceptions) or bool(_stack_without_exception(event))


def _crash(exceptions: Sequence[Mapping[str, Any]], event: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of the crash report that an event without frames brings as text; empty when it brings none."""
    entry = mapping(event.get("logentry")) or mapping(event.get("message"))
    texts = [text(entry.get("formatted")) or text(entry.get("message")) or text(event.get("message"))]
    texts += [text(exception.get("value")) for exception in reversed(exceptions)]
    for report in texts:
        if looks_like_report(report):
            found = signature(report)
            if found.kind and found.state != NOTHING:
                return found.parts()
    return ()


def causes(chain: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """A chain, oldest first, as runs of cause and wrappers; a run ends where the next was raised independently."""
    runs: list[list[Mapping[str, Any]]] = []
    fresh = True
    for exception in chain:
        if fresh:
            runs.append([])
        runs[-1].append(exception)
        fresh = mapping(exception.get("mechanism")).get("source") == "__context__"
    return runs


def is_group(exception: Mapping[str, Any]) -> bool:
    """Whether an exception only holds others together (`ExceptionGroup`, `AggregateError`)."""
    return mapping(exception.get("mechanism")).get("is_exception_group") is True


def _stack_without_exception(event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Frames of the crashed, else the current, else the only thread; else of the legacy stack trace."""
    threads = mappings(event.get("threads"))
    for flag in ("crashed", "current"):
        for thread in threads:
            if thread.get(flag) is True and (frames := frames_of(thread)):
                return frames
    if len(threads) == 1 and (frames := frames_of(threads[0])):
        return frames
    return frames_of(event)


def _fallback(event: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("type", "platform", "logger", "level", "transaction", "culprit")
    return tuple(f"{name} {found}" for name in names if (found := text(event.get(name))))
