"""A normaliser process: raw records of one shard become batches for the writer."""

from __future__ import annotations

import threading

from engine.arrow import do_without_pandas
from engine.datadir import DataDirectory
from ingest.normaliser import NormaliserOptions, run_normaliser
from ingest.pacing import BatchRules
from server.artifact_index import ArtifactReader
from server.control import ParentLink, Report
from server.settings import Settings

_POLL_S = 0.05


def run(link: ParentLink, settings: Settings) -> None:
    """Normalise one shard until told to stop, then finish what stands in the raw spool."""
    do_without_pandas()
    data = DataDirectory.at(settings.data, settings.spool_key)
    stop = threading.Event()
    link.obey({"stop": stop.set})
    while not data.config_snapshot.exists():
        # A new directory: the web process publishes the configuration first.
        if stop.wait(_POLL_S):
            return
    link.report(Report("ready"))
    options = NormaliserOptions(
        rules=BatchRules().shared_by(settings.normalisers or 1),
        artifacts=ArtifactReader(settings),
        dead_letter_days=settings.dead_letter_days,
    )
    run_normaliser([link.order.index], data, stop, options)
