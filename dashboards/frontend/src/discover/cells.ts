// How one value of an answer looks, sorts, and leaves as a file. Pure.
import { formatQuantity } from "../core/format.ts";
import { formatTime, type Zone } from "../core/time.ts";
import type { Column, Row, Value } from "./model.ts";

const RIGHT = new Set(["integer", "number", "duration", "size", "ratio"]);

export function isNumeric(column: Pick<Column, "type">): boolean {
  return RIGHT.has(column.type);
}

/** What a cell shows; `kind` says what its look must tell apart: nothing there, an empty text, a value. */
export function cellText(value: Value | undefined, column: Column, zone: Zone): { text: string; kind: "null" | "empty" | "value" } {
  if (value === null || value === undefined) return { text: "null", kind: "null" };
  if (value === "") return { text: '""', kind: "empty" };
  return { text: valueText(value, column, zone), kind: "value" };
}

function valueText(value: Exclude<Value, null>, column: Column, zone: Zone): string {
  if (column.type === "time" && typeof value === "string") return formatTime(value, zone);
  if (isNumeric(column)) {
    // Integers above 2^53 come as text, and every digit counts.
    if (typeof value === "string" && column.type === "integer") return value.replace(/\B(?=(\d{3})+$)/g, ",");
    const number = Number(value);
    return Number.isFinite(number) ? formatQuantity(number, column.type, column.unit) : String(value);
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The value as one would paste it into a query or a message: exact, in UTC. */
export function copyText(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Order of two values of a column; nulls come last in ascending order. */
export function compare(a: Value | undefined, b: Value | undefined, column: Column): number {
  const noA = a === null || a === undefined;
  const noB = b === null || b === undefined;
  if (noA || noB) return Number(noA) - Number(noB);
  if (isNumeric(column)) {
    const difference = Number(a) - Number(b);
    if (difference !== 0 || typeof a !== "string" || typeof b !== "string") return difference;
    const [x, y] = [BigInt(a), BigInt(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  const [x, y] = [copyText(a), copyText(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** A text that a spreadsheet would run as a formula gets an apostrophe in front: event text may come from anybody. */
function csvCell(value: Value | undefined): string {
  const copied = copyText(value);
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) && !/^[+-]?\d+$/.test(value) ? `'${copied}` : copied;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The answer as CSV (RFC 4180), the rows of the API. */
export function toCsv(columns: readonly Column[], rows: readonly Row[]): string {
  const lines = [columns.map((column) => csvCell(column.name)), ...rows.map((row) => columns.map((_, i) => csvCell(row[i])))];
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

/** The answer as a JSON list of objects. */
export function toJson(columns: readonly Column[], rows: readonly Row[]): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map((column, i) => [column.name, row[i] ?? null])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

const WIDE = new Set(["title", "message", "span.description", "culprit", "stack", "value", "error.value"]);

/** Nobody reads a long id; its beginning tells it from others, and the menu copies the whole. */
const LONG_ID = /^[0-9a-f]{16,36}$/i;

/** A first width in pixels from the header and the first rows. */
export function widthOf(column: Column, index: number, rows: readonly Row[], zone: Zone): number {
  let longest = column.name.length + 3;
  for (const row of rows.slice(0, 40)) longest = Math.max(longest, cellText(row[index], column, zone).text.length);
  const most = WIDE.has(column.name) ? 520 : LONG_ID.test(copyText(rows[0]?.[index])) ? 112 : 340;
  return Math.round(Math.min(most, Math.max(72, longest * 7.4 + 26)));
}
