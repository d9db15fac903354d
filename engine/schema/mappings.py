"""What rows mean beyond what they say: dictionaries over logs of exceptions, which decisions write and take back.

A row carries a hash that depends on it alone: the fingerprint of an error, the template id of a log line. What it
belongs to is read by a computed column of its table, which looks its own project and hash up. A log keeps versions, so
a decision is undone by a newer row; nothing is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.schema.model import Column, Kind, Table

ISSUE_MAP = Table(
    name="issue_map_log",
    doc="Exceptions to the default issue of a fingerprint; the newest version counts; read by `issue_map`.",
    engine="ReplacingMergeTree(version)",
    order_by=("project_id", "fingerprint"),
    time_column=None,
    scope_column="project_id",
    columns=(
        Column("project_id", Kind.UINT64, "The project."),
        Column("fingerprint", Kind.UINT64, "The fingerprint."),
        Column("issue_id", Kind.UINT64, "The issue it belongs to."),
        Column("version", Kind.UINT64, "Grows with each change."),
        Column("author", Kind.SYMBOL, "Who decided: `rule:…`, `model:…` or `user:…`."),
    ),
)

TEMPLATE_MAP = Table(
    name="template_map_log",
    doc="Log lines whose template is another than their own hash; the newest version counts; read by `template_map`.",
    engine="ReplacingMergeTree(version)",
    order_by=("project_id", "template_id"),
    time_column=None,
    scope_column="project_id",
    columns=(
        Column("project_id", Kind.UINT64, "The project."),
        Column("template_id", Kind.UINT64, "The hash a line carries."),
        Column("refined_id", Kind.UINT64, "The template it belongs to, by the hash of one of its lines."),
        Column("decided", Kind.UINT8, "1 where a person said so, and no later look at the lines changes it."),
        Column("version", Kind.UINT64, "Grows with each change."),
        Column("author", Kind.SYMBOL, "Who decided: `model:…` or `user:…`."),
    ),
)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dictionary over a log of exceptions.

    Attributes:
        name: in the store.
        log: what it is made of.
        keys: columns a row is looked up by, the project first.
        values: columns it gives, of the newest version.
    """

    name: str
    log: Table
    keys: tuple[str, str]
    values: tuple[str, ...]


DICTIONARIES: dict[str, Dictionary] = {
    d.name: d
    for d in (
        Dictionary("issue_map", ISSUE_MAP, ("project_id", "fingerprint"), ("issue_id",)),
        Dictionary("template_map", TEMPLATE_MAP, ("project_id", "template_id"), ("refined_id", "decided")),
    )
}
