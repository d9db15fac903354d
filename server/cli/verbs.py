"""The verbs of the command line, declared once: the help, the loader, the reference page and the tests read this table.

A verb's module is imported when the verb is called, never before: importing all of them would cost every call, `--help`
and completion included, more than a second (the store's engine, Arrow and the compiler are large).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb.

    Attributes:
        name: what is typed after `amber`.
        module: module whose `app` is the typer application of the verb.
        summary: one line for `amber --help`; the verb's own help starts with the same words.
    """

    name: str
    module: str
    summary: str


VERBS: tuple[Verb, ...] = (
    Verb("init", "server.cli.init", "Create the store, a project, its DSN, an administrator and a token."),
    Verb("serve", "server.cli.serve", "Start the server: ingest, normalisers, queries and API."),
    Verb("query", "server.cli.query", "Ask a question in Discover."),
    Verb("sql", "server.cli.sql", "Ask a question in SQL: one SELECT over the datasets."),
    Verb(
        "issues",
        "server.cli.issues",
        "List issues; resolve, archive, assign, prioritise, merge and split them.",
    ),
    Verb("rca", "server.cli.rca", "Say why something is wrong: an issue, a query, a transaction or a service."),
    Verb(
        "report", "server.cli.report", "Report on a project: issues that matter, their causes, and what became worse."
    ),
    Verb("saved", "server.cli.saved", "Save, run and share queries; import those of Sentry."),
    Verb("views", "server.cli.views", "List, save and delete views of pages."),
    Verb("dashboards", "server.cli.dashboards", "List, export and import dashboards."),
    Verb(
        "load",
        "server.cli.load",
        "Load files: events, envelopes, OTLP, and lines of any dataset.",
    ),
    Verb("import", "server.cli.imports", "Import events and issues of another installation."),
    Verb("dlq", "server.cli.dlq", "Look at the dead letters, replay them, drop them."),
    Verb("user", "server.cli.user", "Manage people: roles, passwords, sign-in links."),
    Verb("team", "server.cli.team", "Manage teams: their people and projects."),
    Verb("project", "server.cli.project", "Manage projects."),
    Verb("grouping", "server.cli.grouping", "Which events are one issue: rules, versions, and why."),
    Verb("scrub", "server.cli.scrub", "Keep personal data out: rules, and what they make of an event."),
    Verb("releases", "server.cli.releases", "Releases: health, adoption, issues and commits of each."),
    Verb("monitors", "server.cli.monitors", "Monitored jobs: how they stand, their runs, and which make no issues."),
    Verb("commits", "server.cli.commits", "Tell releases their commits, from a git repository."),
    Verb("owners", "server.cli.owners", "Who owns what: ownership rules and CODEOWNERS."),
    Verb("key", "server.cli.key", "Manage the keys of a project."),
    Verb("token", "server.cli.token", "Manage API tokens."),
    Verb("audit", "server.cli.audit", "Read and verify the audit of every write."),
    Verb("ml", "server.cli.ml", "Score grouping, templates, anomalies and root causes on labelled data."),
    Verb("jobs", "server.cli.jobs", "List the jobs of the installation; run one by hand."),
    Verb("status", "server.cli.status", "Say how the installation is doing."),
    Verb("doctor", "server.cli.doctor", "Look at everything and say what is wrong and what to do."),
    Verb("version", "server.cli.version", "Print the versions of Amber and its engine."),
)
