// The chart with its legend: what the pointer is over, lines switched on and off.
import * as React from "react";
import { formatQuantity } from "../core/format.ts";
import { lazy } from "../core/lazy.ts";
import { painted as paintedData } from "../core/painted.ts";
import { useStore } from "../core/store.ts";
import { painted, token } from "../core/theme.ts";
import { formatTime, rfc3339 } from "../core/time.ts";
import { useZone } from "../core/zone.ts";
import type { Chart as Drawn, ChartOptions } from "./chart.lazy.ts";
import type { Part } from "./run.ts";
import { brushed, type Lines } from "./series.ts";

interface Props {
  series: Part<{ query: string | null; lines: Lines }>;
  /** Ends of the range that was read, RFC 3339; empty while unknown. */
  start: string;
  end: string;
  onBrush: (start: string, end: string) => void;
  /** Put the period before beside this one; null when the text has no groups, or compares already. */
  onCompare: (() => void) | null;
}

type Module = { createChart: (parent: HTMLElement, options: ChartOptions) => Drawn };
const COLOURS = Array.from({ length: 10 }, (_, index) => `series-${index + 1}`);
const NOBODY: ReadonlySet<number> = new Set();

/** Draw the lines into an element; anew when they, the colours, the zone or the choice of lines change. */
function useDrawn(
  place: React.RefObject<HTMLDivElement>,
  lines: Lines | null,
  hidden: ReadonlySet<number>,
  props: Props,
): number | null {
  const zone = useZone();
  const shade = useStore(painted);
  const [hover, setHover] = React.useState<number | null>(null);
  const brush = React.useRef(props.onBrush);
  brush.current = props.onBrush;
  const { start, end } = props;
  React.useEffect(() => {
    if (!lines?.times.length || !place.current) return undefined;
    let drawn: Drawn | null = null;
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
        onBrush: (from, to) => {
          const range = brushed(lines, from, to);
          if (range) brush.current(rfc3339(range.start), rfc3339(range.end));
        },
        onHover: setHover,
      });
      paintedData("chart");
    });
    return () => {
      gone = true;
      drawn?.destroy();
      setHover(null);
    };
  }, [lines, zone, shade, hidden, start, end, place]);
  return hover;
}

export function Chart(props: Props): React.ReactElement | null {
  const { series } = props;
  const place = React.useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = React.useState(NOBODY);
  const lines = series.value?.lines ?? null;
  const names = lines?.lines.map((line) => line.label).join("\n") ?? "";
  React.useEffect(() => setHidden(NOBODY), [names]);
  const hover = useDrawn(place, lines, hidden, props);
  if (series.state === "known" && series.value.query === null) return null;
  return (
    <section className="chart" aria-label="Chart" data-testid="chart" aria-busy={series.state === "loading"}>
      <ChartBody series={series} place={place} empty={lines !== null && !lines.times.length} />
      {lines?.lines.length ? <Legend lines={lines} hover={hover} hidden={hidden} onHidden={setHidden} onCompare={props.onCompare} /> : null}
    </section>
  );
}

interface LegendProps {
  lines: Lines;
  /** Index of the time under the pointer. */
  hover: number | null;
  hidden: ReadonlySet<number>;
  onHidden: (hidden: ReadonlySet<number>) => void;
  onCompare: Props["onCompare"];
}

function Legend({ lines, hover, hidden, onHidden, onCompare }: LegendProps): React.ReactElement {
  const zone = useZone();
  const toggle = (index: number, alone: boolean) => {
    const others = lines.lines.map((_, at) => at).filter((at) => at !== index);
    if (alone) {
      const already = !hidden.has(index) && others.every((at) => hidden.has(at));
      onHidden(already ? NOBODY : new Set(others));
      return;
    }
    const next = new Set(hidden);
    if (!next.delete(index)) next.add(index);
    onHidden(next);
  };
  return (
    <div className="legend">
      <span className="legend-time muted">
        {hover === null ? "Drag to zoom in" : formatTime(new Date(lines.times[hover]! * 1000).toISOString().replace(".000", ""), zone)}
      </span>
      {lines.lines.map((line, index) => {
        const value = hover === null ? undefined : line.values[hover];
        return (
          <button
            key={`${line.group}.${line.aggregate}.${line.previous}`}
            type="button"
            aria-pressed={!hidden.has(index)}
            title={`${line.label} (click: show or hide; Alt-click: only this)`}
            onClick={(event) => toggle(index, event.altKey)}
          >
            <i className={line.aggregate || line.previous ? "dashed" : ""} style={{ color: `var(--${COLOURS[line.group % COLOURS.length]})` }} />
            <span className="truncate">{line.label}</span>
            {hover === null ? null : <b>{typeof value === "number" ? formatQuantity(value, line.type, line.unit) : "–"}</b>}
          </button>
        );
      })}
      {onCompare ? (
        <button type="button" className="legend-compare" title="Put the period before beside this one" onClick={onCompare}>
          Compare with before
        </button>
      ) : null}
    </div>
  );
}

function ChartBody(props: {
  series: Props["series"];
  place: React.RefObject<HTMLDivElement>;
  empty: boolean;
}): React.ReactElement {
  const { series } = props;
  if (series.state === "failed") {
    return (
      <p className="chart-note muted">
        No chart: {series.problem.message} {series.problem.hint}
      </p>
    );
  }
  if (series.state === "loading" && !series.value) return <div className="skeleton chart-skeleton" />;
  if (props.empty && series.state === "known") return <p className="chart-note muted">Nothing to draw in this range.</p>;
  return <div className={series.state === "loading" ? "chart-place stale" : "chart-place"} ref={props.place} />;
}
