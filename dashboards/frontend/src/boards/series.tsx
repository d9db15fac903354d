// Lines over time in a panel; the pointer over one shows the same moment in all.
import * as React from "react";
import { formatQuantity } from "../core/format.ts";
import { lazy } from "../core/lazy.ts";
import { useStore } from "../core/store.ts";
import { painted, token } from "../core/theme.ts";
import { formatTime, rfc3339 } from "../core/time.ts";
import { useZone } from "../core/zone.ts";
import type { Chart, ChartOptions } from "../discover/chart.lazy.ts";
import { brushed, type Lines } from "../discover/series.ts";

type Module = { createChart: (parent: HTMLElement, options: ChartOptions) => Chart };

const COLOURS = Array.from({ length: 10 }, (_, index) => `series-${index + 1}`);
const NOBODY: ReadonlySet<number> = new Set();
const MOST_NAMES = 12;

interface Props {
  lines: Lines;
  /** Ends of the range that was read. */
  start: string;
  end: string;
  /** Name of the dashboard: its charts share the pointer. */
  shares: string;
  onBrush: (start: string, end: string) => void;
}

export function SeriesPicture({ lines, start, end, shares, onBrush }: Props): React.ReactElement {
  const place = React.useRef<HTMLDivElement>(null);
  const [hover, setHover] = React.useState<number | null>(null);
  const [hidden, setHidden] = React.useState(NOBODY);
  const zone = useZone();
  const shade = useStore(painted);
  const brush = React.useRef(onBrush);
  brush.current = onBrush;
  React.useEffect(() => {
    let drawn: Chart | null = null;
    let gone = false;
    void lazy<Module>("discover/chart").then(({ createChart }) => {
      if (gone || !place.current) return;
      drawn = createChart(place.current, {
        lines,
        colours: COLOURS.map(token),
        ink: token("ink-3"),
        grid: token("border"),
        zone,
        hidden,
        range: [Date.parse(start) / 1000 || lines.times[0]!, Date.parse(end) / 1000 || lines.times.at(-1)!],
        fills: true,
        shares,
        onBrush: (from, to) => {
          const range = brushed(lines, from, to);
          if (range) brush.current(rfc3339(range.start), rfc3339(range.end));
        },
        onHover: setHover,
      });
    });
    return () => {
      gone = true;
      drawn?.destroy();
      setHover(null);
    };
  }, [lines, start, end, zone, shade, hidden, shares]);
  const toggle = (index: number) => {
    const next = new Set(hidden);
    if (!next.delete(index)) next.add(index);
    setHidden(next);
  };
  return (
    <div className="board-series">
      <div className="board-series-place" ref={place} role="img" aria-label={describe(lines)} />
      <div className="board-legend">
        {hover === null || lines.times[hover] === undefined ? null : <span className="muted">{formatTime(rfc3339(new Date(lines.times[hover]! * 1000)), zone)}</span>}
        {lines.lines.slice(0, MOST_NAMES).map((line, index) => {
          const value = hover === null ? undefined : line.values[hover];
          return (
            <button key={index} type="button" aria-pressed={!hidden.has(index)} title={`${line.label.slice(0, 300)} (show or hide)`} onClick={() => toggle(index)}>
              <i className={line.aggregate || line.previous ? "dashed" : ""} style={{ color: `var(--${COLOURS[line.group % COLOURS.length]})` }} />
              <bdi className="truncate">{line.label.slice(0, 120)}</bdi>
              {typeof value === "number" ? <b>{formatQuantity(value, line.type, line.unit, true)}</b> : null}
            </button>
          );
        })}
        {lines.lines.length > MOST_NAMES ? <span className="muted">and {lines.lines.length - MOST_NAMES} more</span> : null}
      </div>
    </div>
  );
}

/** What a screen reader hears of the lines; the menu of the panel shows them as a table. */
function describe(lines: Lines): string {
  const told = lines.lines.slice(0, 4).map((line) => {
    const values = line.values.filter((value): value is number => value !== null);
    if (!values.length) return `${line.label.slice(0, 80)}: no values`;
    const shown = (value: number) => formatQuantity(value, line.type, line.unit, true);
    return `${line.label.slice(0, 80)}: from ${shown(Math.min(...values))} to ${shown(Math.max(...values))}, last ${shown(values.at(-1)!)}`;
  });
  const more = lines.lines.length > told.length ? `; and ${lines.lines.length - told.length} more` : "";
  return `Chart of ${lines.lines.length} ${lines.lines.length === 1 ? "line" : "lines"}. ${told.join("; ")}${more}.`;
}
