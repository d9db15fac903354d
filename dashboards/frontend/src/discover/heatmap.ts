// The rows of the stage `heatmap` as a picture, and the question what sets a box of it apart. Pure.
import { unitNs } from "../core/format.ts";
import { rfc3339 } from "../core/time.ts";
import type { Column, Row } from "./model.ts";

export interface Cells {
  /** Starts of the buckets of time, milliseconds since 1970, ascending, and their width. */
  times: number[];
  step_ms: number;
  /** Lower and upper bounds of the rows of cells, ascending. */
  bounds: [number, number][];
  /** Counts by bucket of time, then by bound. */
  counts: number[][];
  most: number;
  unit: string;
  type: string;
}

const NAMES = ["timestamp", "low", "high", "count"];

/** The cells of an answer; null when it is no heatmap. Rows without a value (no bounds) are left to the table. */
export function cellsOf(columns: readonly Column[], rows: readonly Row[]): Cells | null {
  if (columns.map(({ name }) => name).join() !== NAMES.join() || columns[0]?.type !== "time") return null;
  const times = new Map<number, number>();
  const bounds = new Map<number, [number, number]>();
  for (const [time, low, high] of rows) {
    if (typeof low !== "number" || typeof high !== "number") continue;
    times.set(Date.parse(String(time)), 0);
    bounds.set(low, [low, high]);
  }
  const order = [...times.keys()].sort((a, b) => a - b);
  const levels = [...bounds.values()].sort((a, b) => a[0] - b[0]);
  if (order.length === 0 || levels.length === 0) return null;
  order.forEach((time, place) => times.set(time, place));
  const places = new Map(levels.map(([low], place) => [low, place]));
  const counts = order.map(() => levels.map(() => 0));
  let most = 0;
  for (const [time, low, , count] of rows) {
    if (typeof low !== "number" || !places.has(low)) continue;
    const many = Number(count);
    counts[times.get(Date.parse(String(time)))!]![places.get(low)!] = many;
    most = Math.max(most, many);
  }
  const step_ms = order.length > 1 ? order[1]! - order[0]! : 60_000;
  return { times: order, step_ms, bounds: levels, counts, most, unit: columns[1]!.unit, type: columns[1]!.type };
}

/** A part of the picture in cells, both ends in it. */
export interface Box {
  times: [number, number];
  levels: [number, number];
}

/** The cells between two places given as parts of the width and of the height from below, 0 to 1. */
export function boxOf(cells: Cells, from: readonly [number, number], to: readonly [number, number]): Box {
  const place = (part: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(part * count)));
  const pair = (a: number, b: number): [number, number] => (a <= b ? [a, b] : [b, a]);
  return {
    times: pair(place(from[0], cells.times.length), place(to[0], cells.times.length)),
    levels: pair(place(from[1], cells.bounds.length), place(to[1], cells.bounds.length)),
  };
}

/** How many rows are in a box. */
export function inBox(cells: Cells, box: Box): number {
  let count = 0;
  for (let time = box.times[0]; time <= box.times[1]; time++) {
    for (let level = box.levels[0]; level <= box.levels[1]; level++) count += cells.counts[time]![level]!;
  }
  return count;
}

/** The field of a stage `heatmap FIELD …`; null when it is more than a name, which a search cannot filter by. */
export function fieldOf(stage: string): string | null {
  return /^heatmap\s+([a-zA-Z_][\w.]*)(?=\s|$)/.exec(stage)?.[1] ?? null;
}

function amount(value: number, type: string, unit: string): string {
  if (type === "duration") return `${Number(((value * unitNs(unit)) / 1e6).toFixed(6))}ms`;
  if (type === "size") return `${value}bytes`;
  return String(value);
}

/** The stage that ranks what sets the rows of a box apart from the others. */
export function differs(cells: Cells, box: Box, field: string): string {
  const start = cells.times[box.times[0]]!;
  const end = cells.times[box.times[1]]! + cells.step_ms;
  const low = cells.bounds[box.levels[0]]![0];
  const high = cells.bounds[box.levels[1]]![1];
  const bound = (operator: string, value: number) => `${field}:${operator}${amount(value, cells.type, cells.unit)}`;
  // The highest bucket also holds the greatest value itself.
  const upper = box.levels[1] === cells.bounds.length - 1 ? "" : ` ${bound("<", high)}`;
  const time = `timestamp:>=${rfc3339(new Date(start))} timestamp:<${rfc3339(new Date(end))}`;
  return `diff \`${time} ${bound(">=", low)}${upper}\` vs rest`;
}
