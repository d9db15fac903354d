// Marks of monitors: a state as a badge, runs as a strip. Each says in words what it shows.
import * as React from "react";

import { formatDuration } from "../core/format.ts";
import { useExact } from "../issues/time.tsx";
import { type Run, type State, summary, TONES, WORDS } from "./model.ts";

const WIDTH = 7;
const HEIGHT = 20;
const TOPS = { ok: 0, error: 0, missed: 8, timeout: 5 } as const;

/** How a monitor stands. */
export function StateBadge({ state, muted }: { state: State | "in_progress"; muted?: boolean }): React.ReactElement {
  return (
    <>
      <span className={`badge monitor-state ${muted ? "" : TONES[state]}`}>{WORDS[state]}</span>
      {muted ? (
        <>
          {" "}
          <span className="badge">muted</span>
        </>
      ) : null}
    </>
  );
}

/** The last runs, the newest at the right: good ones are whole bars, failed ones have a notch, missed ones are low and hollow. */
export function Strip({ runs }: { runs: readonly Run[] }): React.ReactElement {
  const exact = useExact();
  if (runs.length === 0) return <span className="muted">–</span>;
  return (
    <svg className="monitor-strip" role="img" aria-label={`${summary(runs)}, the newest last`} width={runs.length * WIDTH} height={HEIGHT} viewBox={`0 0 ${runs.length * WIDTH} ${HEIGHT}`}>
      {runs.map((run, index) => (
        <g key={`${run.at}${index}`} className={`run-${run.status}`} transform={`translate(${index * WIDTH} 0)`}>
          <title>{`${WORDS[run.status]}, ${exact(run.at)}${run.duration_ms === null ? "" : `, took ${formatDuration(run.duration_ms * 1e6)}`}`}</title>
          <rect className="ground" width={WIDTH} height={HEIGHT} />
          <rect className="bar" x="0.5" y={TOPS[run.status] + 0.5} width={WIDTH - 2} height={HEIGHT - TOPS[run.status] - 1} rx="1" />
          {run.status === "error" ? <rect className="notch" x="0" y="8" width={WIDTH} height="3" /> : null}
        </g>
      ))}
    </svg>
  );
}
