// The chart above the table: uPlot with several lines, two units, a brush, and gaps where nothing is known.
import uPlot from "uplot";
import { formatQuantity } from "../core/format.ts";
import type { Zone } from "../core/time.ts";
import { type Lines, scaleOf } from "./series.ts";

export interface ChartOptions {
  lines: Lines;
  /** Colours of the lines, in order, as a canvas takes them. */
  colours: string[];
  ink: string;
  grid: string;
  zone: Zone;
  hidden: ReadonlySet<number>;
  /** Ends of the time axis in seconds. */
  range: [number, number];
  /** Whether the chart is as high as its parent, instead of as high as Discover's. */
  fills?: boolean;
  /** Charts of one name show the pointer of each other. */
  shares?: string;
  onBrush: (from: number, to: number) => void;
  /** Index of the time under the pointer, or null. */
  onHover: (index: number | null) => void;
}

export interface Chart {
  resize(): void;
  destroy(): void;
}

const FONT = "11px system-ui, sans-serif";
const HEIGHT = 154;
/** The second, third ... aggregate of a group. */
const DASHES = [[5, 3], [2, 3], [8, 3, 2, 3]];
const PREVIOUS_DASH = [3, 3];
const WHOLE = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((power) => digit * 10 ** power)).sort((a, b) => a - b);
const HOUR_S = 3600;
const DAY_S = 86_400;

/** Labels of the time axis, with 24 hours; the day stands below where it begins. Rows as uPlot documents them. */
const TIMES: (string | number | null)[][] = [
  [DAY_S, "{MMM} {D}", null, null, null, null, null, null, 1],
  [HOUR_S, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
  [60, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
];

/** Labels without those that say the same as the one before: short forms of near values are alike. */
function distinct(labels: string[]): string[] {
  return labels.map((label, index) => (index > 0 && label === labels[index - 1] ? "" : label));
}

function axisOf(scale: string, options: ChartOptions, side: 1 | 3): uPlot.Axis {
  const line = options.lines.lines.find((known) => scaleOf(known) === scale);
  return {
    scale,
    side,
    stroke: options.ink,
    font: FONT,
    size: 54,
    space: 28,
    ...(line?.type === "integer" ? { incrs: WHOLE } : {}),
    ticks: { show: false },
    grid: side === 3 ? { stroke: options.grid, width: 1 } : { show: false },
    values: (_chart, values) => distinct(
      values.map((value) => (value === null ? "" : formatQuantity(value, line?.type ?? "number", line?.unit ?? "", true))),
    ),
  };
}

function seriesOf(options: ChartOptions, bars: boolean): uPlot.Series[] {
  const { lines } = options.lines;
  return lines.map((line, index) => {
    const colour = options.colours[line.group % options.colours.length] ?? "grey";
    const common: uPlot.Series = {
      label: line.label,
      scale: scaleOf(line),
      show: !options.hidden.has(index),
      stroke: colour,
      width: bars ? 0 : 1.5,
      ...(line.previous
        ? { dash: PREVIOUS_DASH, width: 1, alpha: 0.75 }
        : line.aggregate
          ? { dash: DASHES[(line.aggregate - 1) % DASHES.length]! }
          : {}),
      spanGaps: false,
    };
    if (bars) return { ...common, fill: colour, paths: uPlot.paths.bars!({ size: [0.86, 40], align: 1 }), points: { show: false } };
    // A value with gaps at both sides would be invisible as a line.
    return { ...common, points: { size: 4, show: (_u: uPlot, i: number) => lonely(options.lines.lines[i - 1]?.values ?? []) } };
  });
}

function lonely(values: readonly (number | null)[]): boolean {
  return values.some((value, i) => value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null);
}

function heightOf(parent: HTMLElement, options: ChartOptions): number {
  return options.fills ? Math.max(80, parent.clientHeight) : HEIGHT;
}

export function createChart(parent: HTMLElement, options: ChartOptions): Chart {
  const { lines, times, step } = options.lines;
  const scales = [...new Set(lines.map(scaleOf))];
  const bars = lines.length === 1 && lines[0]?.type === "integer";
  const chart = new uPlot(
    {
      width: Math.max(200, parent.clientWidth),
      height: heightOf(parent, options),
      padding: [8, scales.length > 1 ? 4 : 22, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        focus: { prox: 24 },
        ...(options.shares ? { sync: { key: options.shares, scales: ["x", null] } } : {}),
      },
      focus: { alpha: 0.35 },
      tzDate: (seconds) => (options.zone === "utc" ? uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000)),
      scales: {
        x: { time: true, range: () => [options.range[0], Math.max(options.range[1], (times.at(-1) ?? 0) + (bars ? step : 0))] },
        ...Object.fromEntries(scales.map((name) => [name, { range: (_u: uPlot, _min: number, max: number) => [0, max > 0 ? max * 1.08 : 1] }])),
      },
      axes: [
        { stroke: options.ink, font: FONT, grid: { show: false }, ticks: { stroke: options.grid, size: 4 }, size: 36, values: TIMES as uPlot.Axis.Values },
        ...scales.slice(0, 2).map((scale, index) => axisOf(scale, options, index === 0 ? 3 : 1)),
      ],
      series: [{}, ...seriesOf(options, bars)],
      hooks: {
        setCursor: [(u) => options.onHover(u.cursor.idx ?? null)],
        setSelect: [
          (u) => {
            if (u.select.width < 4) return;
            const from = u.posToVal(u.select.left, "x");
            const to = u.posToVal(u.select.left + u.select.width, "x");
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            options.onBrush(from, to);
          },
        ],
      },
    },
    [times, ...lines.map((line) => line.values)],
    parent,
  );
  const resize = () => chart.setSize({ width: Math.max(200, parent.clientWidth), height: heightOf(parent, options) });
  const observer = new ResizeObserver(resize);
  observer.observe(parent);
  return {
    resize,
    destroy() {
      observer.disconnect();
      chart.destroy();
    },
  };
}
