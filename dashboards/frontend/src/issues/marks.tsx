// Small marks: level, assignee, trend. Each says in words what it shows.
import * as React from "react";

import { assigneeName, initials, knownLevel } from "./model.ts";
import { barPath, trendText } from "./trend.ts";

const SHAPES = {
  fatal: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
  error: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z",
  warning: "M8 1.500l7.200 13H.8z",
  info: "M2 2h12v12H2z",
  debug: "M8 1l7 7-7 7-7-7z",
};

/** The level as colour and shape, with its name for those who see neither. */
export function LevelMark({ level }: { level: string }): React.ReactElement {
  const known = knownLevel(level);
  return (
    <svg className={`level-mark ${known}`} viewBox="0 0 16 16" role="img" aria-label={`Level ${level || known}`}>
      <title>{level || known}</title>
      <path d={SHAPES[known]} />
    </svg>
  );
}

const BARS: Record<string, number> = { low: 1, medium: 2, high: 3 };

/** The priority as one to three bars. */
export function PriorityMark({ priority }: { priority: string }): React.ReactElement {
  const bars = BARS[priority] ?? 0;
  return (
    <svg className={`priority-mark ${priority}`} viewBox="0 0 12 12" role="img" aria-label={`Priority ${priority}`}>
      <title>{`Priority ${priority}`}</title>
      {[1, 2, 3].map((n) => (
        <rect key={n} className={n <= bars ? "on" : ""} x={(n - 1) * 4 + 0.5} y={12 - n * 4} width="3" height={n * 4} rx="0.8" />
      ))}
    </svg>
  );
}

/** Who an issue is assigned to, as two letters; the name is the tooltip. */
export function Who({ assignee }: { assignee: string }): React.ReactElement {
  const name = assigneeName(assignee);
  if (assignee === "") return <span className="who nobody" title="Unassigned" role="img" aria-label="Unassigned" />;
  return (
    <span className={assignee.startsWith("team:") ? "who team" : "who"} title={name} role="img" aria-label={`Assigned to ${name}`}>
      {initials(assignee)}
    </span>
  );
}

const WIDTH = 116;
const HEIGHT = 26;

/** Events over the range as bars. */
export const Spark = React.memo(function Spark({ trend, step_s }: { trend: readonly number[]; step_s: number }): React.ReactElement {
  const text = trendText(trend, step_s);
  return (
    <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text} preserveAspectRatio="none">
      <title>{text}</title>
      <path d={barPath(trend, WIDTH, HEIGHT)} />
    </svg>
  );
});
