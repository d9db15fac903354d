"""Scenarios loaded and asked about, one after the other."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from iam import EMBEDDED, Action
from ml.chaos import Settings, scenario
from ml.rca import as_json
from server.chaos.folder import TRUTH, write
from server.chaos.loading import Place, opened_place
from server.chaos.scoring import Answer, Truth, answer_of
from server.issues.looking import Look
from server.rca.service import Finding
from server.rca.subjects import Asked

Told = Callable[[int, str], None]
"""Told of a seed what is done with it now."""

Kept = Callable[[int, Finding], None]
"""Given each finding, for whoever wants to look at more than its figures."""


def answers(
    seeds: Sequence[int], settings: Settings, told: Told = lambda _, __: None, kept: Kept = lambda _, __: None
) -> Iterator[Answer]:
    """Yield what is answered about scenarios; all of them are in one store, each in a project of its own.

    Args:
        seeds: of the scenarios.
        settings: of each but for its seed.
        told: shown the progress.
        kept: given each finding.

    Raises:
        UserError: something of a scenario was refused by ingest.
    """
    with tempfile.TemporaryDirectory(prefix="amber-chaos-") as directory:
        root = Path(directory)
        with opened_place(root / "store") as place:
            for seed in seeds:
                folder = root / f"seed-{seed}"
                told(seed, "making")
                write(scenario(replace(settings, seed=seed)), folder)
                told(seed, "loading")
                project = place.new_project(f"seed-{seed}")
                place.load(project, folder)
                told(seed, "asking")
                truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
                finding = asked(place, project.slug, truth)
                kept(seed, finding)
                yield answer_of(truth, finding.diagnosis, project.id, finding.elapsed_s, finding.notes)
                shutil.rmtree(folder)


def asked(place: Place, slug: str, truth: Truth) -> Finding:
    """Ask for the root cause of a scenario's symptom as anybody would: a transaction, what is odd, and when."""
    symptom = truth["symptom"]
    start, end = (datetime.fromisoformat(symptom[name]) for name in ("start", "end"))
    look = Look(EMBEDDED, (slug,), (), start, end, Action.EVENT_READ)
    question = Asked(transaction=symptom["transaction"], service=symptom["service"], signal=symptom["signal"])
    return place.root_cause.find(look, question, (start, end))


def detail(answer: Answer, finding: Finding) -> dict[str, Any]:
    """Return what was asked, answered and true about a seed, as JSON."""
    return {**answer.as_json(), "diagnosis": as_json(finding.diagnosis)}
