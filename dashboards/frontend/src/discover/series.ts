// The rows of a series as the aligned columns a chart draws. Pure.
import type { Column, SeriesAnswer, Value } from "./model.ts";

export interface Line {
  label: string;
  /** Which group, and which of its aggregates, counted from 0: colour and dashes follow from these. */
  group: number;
  aggregate: number;
  /** The other side of a comparison: drawn faint and dashed in the colour of its own side. */
  previous: boolean;
  type: string;
  unit: string;
  /** One value per time; null where nothing is known, which is a gap. */
  values: (number | null)[];
}

export interface Lines {
  /** Seconds since 1970, ascending. */
  times: number[];
  lines: Line[];
  /** Seconds between two times, 0 when unknown. */
  step: number;
}

const NUMBERS = new Set(["integer", "number", "duration", "size", "ratio"]);

/** Which columns are keys: everything before the last run of numbers, the time excepted. */
function keysOf(columns: readonly Column[], time: number, text: string): number[] {
  const by = /\bby\s+(.+?)(?=\s+(?:top\s+\d|fill\s|other\b)|\s*\||$)/s.exec(text.slice(text.lastIndexOf("make-series")))?.[1];
  const named = by ? by.split(",").map((part) => part.trim()) : [];
  const isKey = (column: Column, index: number) =>
    index !== time &&
    (!NUMBERS.has(column.type) || named.some((name) => name === column.name || name.startsWith(`${column.name} =`) || name.startsWith(`${column.name}=`)));
  return columns.flatMap((column, index) => (isKey(column, index) ? [index] : []));
}

const PREVIOUS = ".previous";
const CHANGES = [".delta", ".ratio", ".pct"];

/** An aggregate that is drawn: its column, what it is called, and for the other side of a comparison whose it is. */
interface Drawn {
  index: number;
  name: string;
  /** Which aggregate of the answer, counted from 0; both sides of a comparison are one. */
  place: number;
  previous: boolean;
}

/** The columns that are lines. Beside a comparison's two sides, how they differ is for the table to say: it has another unit. */
function drawnOf(columns: readonly Column[], aggregates: readonly number[]): Drawn[] {
  const names = new Set(columns.map((column) => column.name));
  const base = (name: string, ending: string) => (name.endsWith(ending) ? name.slice(0, -ending.length) : null);
  const compared = (name: string | null) => name !== null && names.has(name) && names.has(name + PREVIOUS);
  const kept = aggregates.filter((index) => !CHANGES.some((ending) => compared(base(columns[index]!.name, ending))));
  const places = new Map<string, number>();
  return kept.map((index) => {
    const name = columns[index]!.name;
    const other = base(name, PREVIOUS);
    const previous = compared(other);
    const own = previous ? other! : name;
    if (!places.has(own)) places.set(own, places.size);
    return { index, name: own, place: places.get(own)!, previous };
  });
}

function numberOf(value: Value | undefined): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "string" && value !== "" && Number.isFinite(Number(value))) return Number(value);
  return null;
}

function labelOf(value: Value | undefined): string {
  if (value === null || value === undefined) return "(none)";
  return value === "" ? '""' : typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function linesOf(answer: Pick<SeriesAnswer, "query" | "columns" | "rows">): Lines {
  const { columns, rows } = answer;
  const time = columns.findIndex((column) => column.type === "time");
  if (time < 0) return { times: [], lines: [], step: 0 };
  const keys = keysOf(columns, time, answer.query ?? "");
  const aggregates = columns.flatMap((column, index) =>
    index !== time && !keys.includes(index) && NUMBERS.has(column.type) ? [index] : [],
  );
  const drawn = drawnOf(columns, aggregates);
  const several = new Set(drawn.map(({ place }) => place)).size > 1;
  const places = new Map<string, number>();
  for (const row of rows) places.set(String(row[time]), 0);
  const order = [...places.keys()].sort((a, b) => Date.parse(a) - Date.parse(b));
  order.forEach((text, index) => places.set(text, index));
  const lines = new Map<string, Line>();
  const groups = new Map<string, number>();
  for (const row of rows) {
    const group = keys.map((index) => labelOf(row[index])).join(" · ");
    const at = places.get(String(row[time]))!;
    if (!groups.has(group)) groups.set(group, groups.size);
    for (const { index, name, place, previous } of drawn) {
      const column = columns[index]!;
      const id = `${group}\n${column.name}`;
      let line = lines.get(id);
      if (!line) {
        const label = group === "" ? name : several ? `${group} · ${name}` : group;
        const alone = keys.length === 0;
        line = {
          label: previous ? `${label} (previous)` : label,
          group: alone ? place : groups.get(group)!,
          aggregate: alone ? 0 : place,
          previous,
          type: column.type,
          unit: column.unit,
          values: order.map(() => null),
        };
        lines.set(id, line);
      }
      line.values[at] = numberOf(row[index]);
    }
  }
  const times = order.map((text) => Date.parse(text) / 1000);
  return { times, lines: [...lines.values()], step: times.length > 1 ? times[1]! - times[0]! : 0 };
}

/** The unit an axis shares: lines of one kind belong to one scale. */
export function scaleOf(line: Pick<Line, "type">): string {
  return line.type === "duration" || line.type === "size" || line.type === "ratio" ? line.type : "count";
}

/** The range a brush chose, widened to whole buckets. */
export function brushed(lines: Lines, from: number, to: number): { start: Date; end: Date } | null {
  const step = lines.step || 1;
  const first = lines.times[0] ?? 0;
  const start = first + Math.floor((from - first) / step) * step;
  const end = first + Math.ceil((to - first) / step) * step;
  if (!(end > start)) return null;
  return { start: new Date(start * 1000), end: new Date(end * 1000) };
}
