"""A made-up system of services, one fault in it, and all that its clients would have sent.

    python -m benchmarks.chaos --seed 7 --out DIR [--end 2026-11-16T00:00:00Z] [--kind bad-commit] [--spans 20000]

The same seed and end give the same bytes. Without `--end` it is Monday 0:00 UTC of this week, so that what is loaded is
not older than ingest accepts; the data is of an hour or two of the week before. `DIR` gets

    data/traces.jsonl, data/metrics.jsonl, data/logs.jsonl   OpenTelemetry's JSON, a request a line
    data/envelopes/*.envelope                                Sentry's envelopes, an error each
    changes.ndjson                                           releases, deploys, settings, flags: lines of `changes`
    platform.git                                             the bare git repository of the services
    releases.json                                            what each release was built from, the oldest first
    truth.json                                               what is wrong, since when, whose fault, and what to ask

and is loaded with `amber load DIR/data`, `amber load --dataset changes DIR/changes.ndjson` and, for each release,
`amber commits sync --repo DIR/platform.git --release RELEASE --head HEAD --previous PREVIOUS`. What `amber ml evaluate
--chaos FIRST:LAST` scores is this, loaded and asked about. docs/explanation/chaos.md says what can be wrong and how it
shows.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import UserError
from ml.chaos import DEFAULT_SPANS, FaultKind, Settings, scenario
from server.chaos.folder import default_end, write


def main() -> None:
    """Write the scenario of a seed and say where it is; what is wrong stands in `truth.json` only."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--end", type=_moment, default=None, help="the data is of the week before (default: Monday)")
    parser.add_argument("--kind", choices=[one.value for one in FaultKind], help="of the fault (default: drawn)")
    parser.add_argument("--spans", type=int, default=DEFAULT_SPANS, help=f"about how many (default {DEFAULT_SPANS})")
    chosen = parser.parse_args()
    end = chosen.end or default_end(datetime.now(UTC))
    made = scenario(Settings(chosen.seed, end, chosen.spans, FaultKind(chosen.kind) if chosen.kind else None))
    try:
        write(made, chosen.out)
    except UserError as error:
        parser.error(f"{error} {error.hint}")
    services, spans = len(made.system.services), len(made.records.spans)
    print(f"{chosen.out}: {services} services, {spans:,} spans, {len(made.records.errors):,} errors")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
