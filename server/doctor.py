"""`amber doctor`: everything that can be looked at without disturbing anything, and what to do about what is wrong."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.datadir import DataDirectory
from engine.errors import AmberError
from engine.snapshot import ConfigSnapshot, SnapshotReader
from server.api_client import ApiClient
from server.pipeline import backlog, dead_letter_counts
from server.runfile import RunInfo, is_served, read_run_info
from server.settings import Settings, unknown_variables

OK, WARNING, FAILED = "ok", "warning", "failed"
_LATE_S = 60.0
_MIB = 1024 * 1024
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found.

    Attributes:
        name: what was looked at.
        level: ok, warning or failed.
        said: one sentence with the figures.
        todo: what to do; empty when nothing is to be done.
    """

    name: str
    level: str
    said: str
    todo: str = ""


class Doctor:
    """Looks at one installation.

    Args:
        settings: say where it is.
        environ: the process environment, for misspelt variables.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._data = DataDirectory.at(settings.data, settings.spool_key)

    def findings(self) -> Iterator[Finding]:
        """Yield what is found, one look after the other; a look that breaks is a finding too."""
        yield from self._looked("settings", self._of_settings)
        directory = list(self._looked("data directory", self._of_directory))
        yield from directory
        if any(finding.level == FAILED for finding in directory):
            return
        looks = (
            ("disk", self._of_disk),
            ("configuration", self._of_configuration),
            ("pipeline", self._of_pipeline),
            ("dead letters", self._of_dead_letters),
            ("server", self._of_server),
        )
        for name, look in looks:
            yield from self._looked(name, look)

    @staticmethod
    def _looked(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
        try:
            yield from look()
        except AmberError as error:
            yield Finding(name, FAILED, error.message, error.hint)
        except OSError as error:
            yield Finding(name, FAILED, f"It could not be looked at: {error}.", "Run it as the user that runs Amber.")

    def _of_settings(self) -> Iterator[Finding]:
        unknown = unknown_variables(self._environ)
        for sentence in unknown:
            yield Finding("settings", WARNING, sentence, "Rename or remove the variable.")
        if not unknown:
            yield Finding("settings", OK, "Every AMBER_ variable is a setting.")

    def _of_directory(self) -> Iterator[Finding]:
        self._data.check()
        status = self._data.root.stat()
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(
                "data directory",
                WARNING,
                f"{self._data.root} can be read by others ({stat.filemode(status.st_mode)}).",
                f"chmod 700 {self._data.root}",
            )
        if status.st_uid != os.getuid():
            yield Finding("data directory", WARNING, "It belongs to another user.", "Run Amber as its owner.")
        yield Finding("data directory", OK, f"{self._data.root} is a data directory of this version.")

    def _of_disk(self) -> Iterator[Finding]:
        free = shutil.disk_usage(self._data.root).free
        least = self._settings.min_free_disk
        if free < least:
            said = f"{free // _MIB} MiB are free, less than the {least // _MIB} MiB that are wanted."
            yield Finding("disk", FAILED, said, "Free some, or shorten the retention: a full disk answers clients 503.")
        else:
            yield Finding("disk", OK, f"{free // _MIB} MiB are free.")
        spool = sum(path.stat().st_size for path in self._data.spool.rglob("*") if path.is_file())
        budget = self._settings.spool_budget
        said = f"The spools hold {spool // _MIB} of {budget // _MIB} MiB."
        if spool > budget * 0.8:
            todo = "See what waits below; raise `spool_budget` if the disk allows."
            yield Finding("disk", FAILED if spool >= budget else WARNING, said, todo)
        else:
            yield Finding("disk", OK, said)

    def _of_configuration(self) -> Iterator[Finding]:
        if not self._data.config_snapshot.exists():
            said = "No configuration was published yet: clients are refused with 503."
            yield Finding("configuration", WARNING, said, "Start `amber serve`, or run `amber init`.")
            return
        snapshot = SnapshotReader(self._data.config_snapshot).current()
        yield Finding("configuration", OK, f"Version {snapshot.version} with {len(snapshot.projects)} projects.")
        yield from _keys(snapshot)

    def _of_pipeline(self) -> Iterator[Finding]:
        waiting = backlog(self._data)
        served = is_served(self._settings.data)
        raw = f"{waiting.raw_bytes // 1024} KiB wait to be normalised, the oldest for {waiting.raw_age_s:.0f} s."
        ready = f"{waiting.ready_files} batches wait to be stored, the oldest for {waiting.ready_age_s:.0f} s."
        for said, age_s, who in ((raw, waiting.raw_age_s, "normaliser"), (ready, waiting.ready_age_s, "writer")):
            if age_s < _LATE_S:
                yield Finding("pipeline", OK, said)
            elif served:
                yield Finding(
                    "pipeline", FAILED, said, f"See the log of the {who}; `amber status` shows its last error."
                )
            else:
                yield Finding("pipeline", WARNING, said, "Start `amber serve`: nothing is lost, it is taken up then.")

    def _of_dead_letters(self) -> Iterator[Finding]:
        counts = dead_letter_counts(self._data)
        for (kind, reason), count in counts.most_common(_MOST_SHOWN):
            todo = f"amber dlq list --kind {kind}; after a repair `amber dlq replay --all --kind {kind}`"
            yield Finding("dead letters", WARNING, f"{count} {kind}: {reason}.", todo)
        if not counts:
            yield Finding("dead letters", OK, "There are none.")

    def _of_server(self) -> Iterator[Finding]:
        if not is_served(self._settings.data):
            yield Finding("server", WARNING, "No server runs on the directory.", "amber serve")
            yield from self._ports()
            return
        info = read_run_info(self._settings.data)
        if info is None:
            yield Finding("server", WARNING, "A server is starting.", "Look again in some seconds.")
            return
        yield from _processes(info)
        yield from _answers(info)

    def _ports(self) -> Iterator[Finding]:
        for name, port in (("port", self._settings.port), ("ingest_port", self._settings.ingest_port_used)):
            with socket.socket(socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self._settings.host, port))
                except OSError as error:
                    said = f"{self._settings.host}:{port} cannot be listened on: {error.strerror}."
                    yield Finding("server", FAILED, said, f"Stop what uses it, or set another `{name}`.")


def _keys(snapshot: ConfigSnapshot) -> Iterator[Finding]:
    with_key = {key.project_id for key in snapshot.keys.values() if key.active}
    for project in snapshot.projects.values():
        if project.id not in with_key:
            said = f"{project.slug} has no active key: nothing can be sent to it."
            yield Finding("configuration", WARNING, said, f"amber key create {project.slug}")


def _processes(info: RunInfo) -> Iterator[Finding]:
    missing = sorted(name for name in info.pids if name != "supervisor" and name not in info.ready)
    restarts = {name: count for name, count in info.restarts.items() if count}
    if missing:
        yield Finding("server", FAILED, f"Not at work: {', '.join(missing)}.", "See the log of `amber serve`.")
    for name, count in sorted(restarts.items()):
        yield Finding("server", WARNING, f"{name} was started again {count} times.", "See the log for why it ended.")
    if not missing and not restarts:
        yield Finding("server", OK, f"{len(info.ready)} processes are at work on {info.url}.")


def _answers(info: RunInfo) -> Iterator[Finding]:
    """Ask the server itself: its checks, and what was refused in the last 24 hours."""
    report: dict[str, Any] = ApiClient(info.url, info.token).call("GET", "/api/v1/state")
    for name, check in report["checks"].items():
        if not check["ok"]:
            yield Finding("server", FAILED, f"The check {name} is red: {check.get('error') or check}.", "See the log.")
    refused = [row for row in report["outcomes"] if row["outcome"] in {"invalid", "rate_limited", "dropped"}]
    for row in refused[:_MOST_SHOWN]:
        said = f"{row['quantity']} {row['category']} of {row['project']} {row['outcome']} in 24 h: {row['reason']}."
        yield Finding("server", WARNING, said, "docs/reference/ingest.md says what the reason means.")


def worst(findings: list[Finding]) -> str:
    """Return the worst level among findings."""
    levels = [finding.level for finding in findings]
    return FAILED if FAILED in levels else WARNING if WARNING in levels else OK
