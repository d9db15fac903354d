"""What is known of the templates of a project's log lines."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from engine.metadata import MetadataStore
from ml.templates import Miner


@dataclass(frozen=True, slots=True)
class LogTemplate:
    """A template of a project's log lines.

    Attributes:
        id: what `template` of its lines is: the hash of one of them.
        text: with `<*>` for what changes.
        lines: how many were read.
        row_ids: what `template_id` of its lines is, the most frequent first.
    """

    id: int
    text: str
    lines: int
    row_ids: tuple[int, ...]


def log_templates(metadata: MetadataStore, project_id: int) -> list[LogTemplate]:
    """Return the templates known of a project, the most frequent first; none before the job has run.

    Raises:
        UnreadableState: what is kept is of another version; the next run of the job learns it anew.
    """
    saved = metadata.log_templates(project_id)
    if saved is None:
        return []
    miner = Miner.from_state(saved[0])
    names = {**miner.texts(), **miner.templates()}
    decided = {row.template_id: row.refined_id for row in metadata.template_mappings(project_id) if row.decided}
    members: dict[int, dict[int, int]] = defaultdict(dict)
    for number, counts in miner.members().items():
        for row_id, count in counts.items():
            members[decided.get(row_id, number)][row_id] = count
    found = []
    for number, counts in members.items():
        rows = sorted(counts, key=lambda row_id: (-counts[row_id], row_id))
        found.append(LogTemplate(number, names.get(number, ""), sum(counts.values()), tuple(rows)))
    return sorted(found, key=lambda template: (-template.lines, template.text, template.id))
