// Answers as what pictures draw. Pure.
import type { Column, Row, Value } from "../discover/model.ts";
import { cellText, isNumeric } from "../discover/cells.ts";
import type { Zone } from "../core/time.ts";

export interface Rows {
  columns: Column[];
  rows: Row[];
}

const PREVIOUS = ".previous";
const CHANGE = ".pct";

function numberOf(value: Value | undefined): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : null;
}

export interface Big {
  name: string;
  type: string;
  unit: string;
  value: number | null;
  /** The same number of what it is compared with; undefined without a comparison. */
  previous: number | null | undefined;
  /** How much it changed as a part of the other; null when that was nothing. */
  change: number | null;
}

/** The first number of the first row, with its comparison; null when there is none. */
export function bigOf({ columns, rows }: Rows): Big | null {
  const place = columns.findIndex((column) => isNumeric(column) && !column.name.endsWith(PREVIOUS));
  const column = columns[place];
  if (!column) return null;
  const at = (name: string) => columns.findIndex((one) => one.name === name);
  const row = rows[0];
  const other = at(column.name + PREVIOUS);
  const value = numberOf(row?.[place]);
  const previous = other < 0 ? undefined : numberOf(row?.[other]);
  const told = numberOf(row?.[at(column.name + CHANGE)]);
  const computed = value !== null && previous ? (value - previous) / Math.abs(previous) : null;
  return { name: column.name, type: column.type, unit: column.unit, value, previous, change: told ?? computed };
}

export interface Bar {
  label: string;
  value: number;
  /** The row, for a link that keeps to it. */
  row: Row;
}

export interface Bars {
  bars: Bar[];
  type: string;
  unit: string;
  /** How many rows there are beyond those. */
  more: number;
}

/** Names and their first number; null when the answer has no number. Rows without one count nothing. */
export function barsOf({ columns, rows }: Rows, most: number, zone: Zone): Bars | null {
  const keys = columns.flatMap((column, place) => (isNumeric(column) ? [] : [place]));
  const numbers = columns.flatMap((column, place) => (isNumeric(column) ? [place] : []));
  const labels = keys.length ? keys : numbers.slice(0, 1);
  const place = keys.length ? numbers[0] : numbers[1] ?? numbers[0];
  if (place === undefined) return null;
  const column = columns[place]!;
  const bars = rows.slice(0, most).map((row) => ({
    label: labels.map((at) => labelOf(row[at], columns[at]!, zone)).join(" · "),
    value: numberOf(row[place]) ?? 0,
    row,
  }));
  return { bars, type: column.type, unit: column.unit, more: Math.max(0, rows.length - most) };
}

function labelOf(value: Value | undefined, column: Column, zone: Zone): string {
  if (value === null || value === undefined || value === "") return "(none)";
  return cellText(value, column, zone).text;
}

/** A change as text with its sign. */
export function changeText(change: number): string {
  const percent = change * 100;
  const size = Math.abs(percent);
  if (size >= 1000) return `over ${percent > 0 ? "+" : "−"}1000%`;
  const shown = size >= 10 ? size.toFixed(0) : size.toFixed(1).replace(/\.0$/, "");
  return `${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${shown}%`;
}
