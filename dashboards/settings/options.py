"""The options of a project that people set: members of `engine.snapshot.ProjectConfig`, each with label and meaning."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from engine.snapshot import ProjectConfig


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: member of ProjectConfig and of `options` in the API.
        label: on the form.
        kind: `days`, `bytes` or `prefixes` (a list of text, one a line).
        doc: one sentence below the field.
    """

    name: str
    label: str
    kind: str
    doc: str

    @property
    def default(self) -> object:
        """What holds when nothing was set."""
        return next(f.default for f in msgspec.structs.fields(ProjectConfig) if f.name == self.name)


OPTIONS: tuple[Option, ...] = (
    Option("retention_days", "Keep errors for", "days", "Days; older errors are dropped for good."),
    Option("span_retention_days", "Keep traces for", "days", "Days; older spans are dropped for good."),
    Option("auto_resolve_days", "Resolve quiet issues after", "days", "Days without an event; 0 leaves them open."),
    Option("max_event_bytes", "Largest event", "bytes", "Bytes, uncompressed; larger ones are refused as too_large."),
    Option(
        "in_app_include",
        "Your own code",
        "prefixes",
        "Prefixes of modules, one a line, such as shop. Frames of these open by themselves and decide grouping.",
    ),
    Option("in_app_exclude", "Not your own code", "prefixes", "Prefixes of modules, one a line; wins over the above."),
)
