// Drawing of the waterfall: only what is in sight, in CSS pixels. The canvas is scaled for the screen by its owner.
import { formatDuration } from "../core/format.ts";
import { type Group, isFailure, type Overview, type SpanColumns, type Stretch, type Tree } from "./model.ts";
import { shownRows, tickLabel, ticks, toPixel, type Window } from "./view.ts";

export const ROW = 24;
export const RULER = 22;
const INDENT = 12;
const MOST_INDENT = 16;
const LONGEST_TEXT = 240;
const LEAST_BAR = 2;

/** Colours and fonts, read from the tokens once for each theme. */
export interface Palette {
  surface: string;
  sunken: string;
  hover: string;
  chosen: string;
  border: string;
  ink: string;
  ink2: string;
  ink3: string;
  error: string;
  accent: string;
  services: readonly string[];
  font: string;
}

export interface Scene {
  columns: SpanColumns;
  tree: Tree;
  /** Rows in sight of folds and filter, ascending. */
  rows: Int32Array;
  folded: ReadonlySet<number>;
  /** 1: matches the filter, 2: is there for a match below it; absent without a filter. */
  kept: Uint8Array | null;
  /** Stretches of the critical path by row. */
  path: ReadonlyMap<number, readonly Stretch[]>;
  /** Offsets of error events by row. */
  errors: ReadonlyMap<number, readonly number[]>;
  /** Runs of like siblings that are shown as one row, by their first. */
  groups: ReadonlyMap<number, Group>;
  /** Moments of log records by row. */
  logs: ReadonlyMap<number, readonly LogMark[]>;
  /** The number of the colour of each place. */
  colours: readonly number[];
  window: Window;
  /** Width of the names at the left. */
  split: number;
  chosen: number;
  hovered: number;
  /** A stretch of time being marked by the pointer, or null. */
  marking: Window | null;
}

/** When a log record was written, and whether it is a warning or worse. */
export interface LogMark {
  offset_ns: number;
  serious: boolean;
}

type Context = CanvasRenderingContext2D;

/** Draw the part of the scene that a scrolled box of this size shows. */
export function drawScene(context: Context, scene: Scene, box: { top: number; width: number; height: number }, palette: Palette): void {
  const { width, height } = box;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  context.direction = "ltr";
  drawGrid(context, scene, width, height, palette);
  const { first, last } = shownRows(box.top, height - RULER, ROW, scene.rows.length);
  for (let at = first; at < last; at += 1) {
    const row = scene.rows[at]!;
    drawRow(context, scene, row, RULER + at * ROW - box.top, width, palette);
  }
  drawRuler(context, scene, width, height, palette);
  if (scene.marking) {
    const [from, to] = [barX(scene, width, scene.marking.from), barX(scene, width, scene.marking.to)];
    context.globalAlpha = 0.18;
    context.fillStyle = palette.accent;
    context.fillRect(Math.min(from, to), 0, Math.abs(to - from), height);
    context.globalAlpha = 1;
  }
}

/** The number of a span's colour. */
export function colourOf(scene: Pick<Scene, "columns" | "colours">, row: number): number {
  return scene.colours[scene.columns.place[row] ?? 0] ?? 0;
}

function barX(scene: Scene, width: number, at_ns: number): number {
  return scene.split + toPixel(scene.window, width - scene.split, at_ns);
}

function marksOf(scene: Scene, width: number): { marks: number[]; step: number } {
  const marks = ticks(scene.window, Math.max(2, Math.floor((width - scene.split) / 90)));
  return { marks, step: marks.length > 1 ? marks[1]! - marks[0]! : scene.window.to - scene.window.from };
}

function drawGrid(context: Context, scene: Scene, width: number, height: number, palette: Palette): void {
  context.fillStyle = palette.border;
  for (const mark of marksOf(scene, width).marks) context.fillRect(Math.round(barX(scene, width, mark)), RULER, 1, height);
}

function drawRuler(context: Context, scene: Scene, width: number, height: number, palette: Palette): void {
  context.fillStyle = palette.sunken;
  context.fillRect(0, 0, width, RULER);
  context.fillStyle = palette.border;
  context.fillRect(0, RULER - 1, width, 1);
  context.fillRect(scene.split - 1, 0, 1, height);
  context.font = `11px ${palette.font}`;
  context.fillStyle = palette.ink3;
  context.textAlign = "left";
  const { marks, step } = marksOf(scene, width);
  for (const mark of marks) {
    const x = barX(scene, width, mark);
    if (x >= scene.split - 1 && x < width - 30) context.fillText(tickLabel(mark, step), x + 4, RULER / 2);
  }
}

function drawRow(context: Context, scene: Scene, row: number, y: number, width: number, palette: Palette): void {
  if (row === scene.chosen || row === scene.hovered) {
    context.fillStyle = row === scene.chosen ? palette.chosen : palette.hover;
    context.fillRect(0, y, width, ROW);
  }
  if (!scene.tree.known[row]) drawComing(context, scene, row, y, palette);
  else {
    context.globalAlpha = scene.kept && scene.kept[row] === 2 ? 0.5 : 1;
    inside(context, [0, y, scene.split - 6, ROW], () => drawName(context, scene, row, y, palette));
    inside(context, [scene.split, y, width - scene.split, ROW], () => drawTimes(context, scene, { row, y, width }, palette));
    context.globalAlpha = 1;
  }
  if (row === scene.chosen) {
    context.fillStyle = palette.accent;
    context.fillRect(0, y, 3, ROW);
  }
}

function inside(context: Context, [x, y, width, height]: [number, number, number, number], draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  draw();
  context.restore();
}

/** A row that is still on its way. */
function drawComing(context: Context, scene: Scene, row: number, y: number, palette: Palette): void {
  context.fillStyle = palette.sunken;
  context.fillRect(30, y + 7, Math.max(40, scene.split - 60 - ((row * 37) % 90)), ROW - 14);
}

/** Where the fold mark of a row is: its left edge. */
export function foldX(tree: Tree, row: number): number {
  return 8 + Math.min(tree.depth[row]!, MOST_INDENT) * INDENT;
}

function drawName(context: Context, scene: Scene, row: number, y: number, palette: Palette): void {
  const { tree, columns } = scene;
  const group = scene.groups.get(row);
  const middle = y + ROW / 2;
  let x = foldX(tree, row);
  if (group || tree.children[row]! > 0) drawFold(context, x, middle, group !== undefined || scene.folded.has(row), palette);
  x += 14;
  context.fillStyle = palette.services[colourOf(scene, row)]!;
  context.fillRect(x, middle - 6, 3, 12);
  x += 8;
  const failed = group ? group.failed > 0 : isFailure(columns.status[row] ?? "") || scene.errors.has(row);
  if (failed) x = drawFailure(context, x, middle, palette);
  context.textAlign = "left";
  if (group) x = drawCount(context, group.count, x, middle, palette);
  context.font = `${columns.is_segment[row] ? "600" : "500"} 12px ${palette.font}`;
  context.fillStyle = failed ? palette.error : palette.ink;
  const op = (columns.op[row] || "span").slice(0, LONGEST_TEXT);
  context.fillText(op, x, middle);
  x += context.measureText(op).width + 7;
  context.font = `12px ${palette.font}`;
  context.fillStyle = palette.ink2;
  const hidden = !group && scene.folded.has(row) ? ` (+${tree.end[row]! - row - 1})` : "";
  if (x < scene.split) context.fillText(`${(columns.description[row] ?? "").slice(0, LONGEST_TEXT)}${hidden}`, x, middle);
}

/** How many spans a row stands for. */
function drawCount(context: Context, count: number, x: number, middle: number, palette: Palette): number {
  const text = `${count} ×`;
  context.font = `600 11px ${palette.font}`;
  const wide = context.measureText(text).width + 10;
  context.fillStyle = palette.sunken;
  context.beginPath();
  context.roundRect(x, middle - 8, wide, 16, 8);
  context.fill();
  context.fillStyle = palette.ink2;
  context.fillText(text, x + 5, middle + 0.5);
  return x + wide + 6;
}

function drawFold(context: Context, x: number, middle: number, folded: boolean, palette: Palette): void {
  context.fillStyle = palette.ink3;
  context.beginPath();
  if (folded) {
    context.moveTo(x + 2, middle - 4);
    context.lineTo(x + 7, middle);
    context.lineTo(x + 2, middle + 4);
  } else {
    context.moveTo(x, middle - 2.5);
    context.lineTo(x + 8, middle - 2.5);
    context.lineTo(x + 4, middle + 3);
  }
  context.fill();
}

/** A failure is a cross in a disc, so that it does not depend on seeing red. */
function drawFailure(context: Context, x: number, middle: number, palette: Palette): number {
  context.fillStyle = palette.error;
  context.beginPath();
  context.arc(x + 5, middle, 5.5, 0, Math.PI * 2);
  context.fill();
  context.strokeStyle = palette.surface;
  context.lineWidth = 1.4;
  context.beginPath();
  context.moveTo(x + 3, middle - 2);
  context.lineTo(x + 7, middle + 2);
  context.moveTo(x + 7, middle - 2);
  context.lineTo(x + 3, middle + 2);
  context.stroke();
  return x + 15;
}

interface RowPlace {
  row: number;
  y: number;
  width: number;
}

function drawTimes(context: Context, scene: Scene, place: RowPlace, palette: Palette): void {
  const { columns } = scene;
  const { row, y, width } = place;
  const group = scene.groups.get(row);
  const start = group ? group.from_ns : (columns.start_ns[row] ?? 0);
  const end = group ? group.to_ns : start + (columns.duration_ns[row] ?? 0);
  const from = barX(scene, width, start);
  const to = Math.max(from + LEAST_BAR, barX(scene, width, end));
  const failed = group ? group.failed > 0 : isFailure(columns.status[row] ?? "");
  drawBar(context, scene, { from, to, y, width }, { colour: palette.services[colourOf(scene, row)]!, faint: group !== undefined, failed }, palette);
  if (!group) drawMarks(context, scene, place, palette);
  const text = group ? `${formatDuration(group.total_ns)} in ${group.count}` : formatDuration(columns.duration_ns[row] ?? 0);
  drawDuration(context, { from, to, y, width }, scene.split, text, palette);
}

function drawBar(context: Context, scene: Scene, bar: { from: number; to: number; y: number; width: number }, look: { colour: string; faint: boolean; failed: boolean }, palette: Palette): void {
  const left = Math.max(bar.from, scene.split - 2);
  const right = Math.min(bar.to, bar.width + 2);
  if (right <= left) return;
  const alpha = context.globalAlpha;
  context.globalAlpha = look.faint ? alpha * 0.55 : alpha;
  context.fillStyle = look.colour;
  context.fillRect(left, bar.y + 6, right - left, ROW - 12);
  context.globalAlpha = alpha;
  if (look.failed) {
    context.strokeStyle = palette.error;
    context.lineWidth = 2;
    context.strokeRect(left, bar.y + 5, right - left, ROW - 10);
  }
}

/** The critical path below the bar, log records and errors upon it. */
function drawMarks(context: Context, scene: Scene, { row, y, width }: RowPlace, palette: Palette): void {
  context.fillStyle = palette.ink;
  for (const stretch of scene.path.get(row) ?? []) {
    const a = Math.max(barX(scene, width, stretch.from_ns), scene.split);
    context.fillRect(a, y + ROW - 5, Math.max(1, Math.min(barX(scene, width, stretch.to_ns), width) - a), 2);
  }
  for (const { offset_ns, serious } of scene.logs.get(row) ?? []) drawLog(context, barX(scene, width, offset_ns), y + 4, serious, palette);
  for (const offset of scene.errors.get(row) ?? []) drawFailure(context, barX(scene, width, offset) - 5, y + ROW / 2, palette);
}

/** A log record is a small flag above the bar, filled when it is a warning or worse. */
function drawLog(context: Context, x: number, y: number, serious: boolean, palette: Palette): void {
  context.beginPath();
  context.moveTo(x - 3, y - 3);
  context.lineTo(x + 3, y - 3);
  context.lineTo(x, y + 2);
  context.closePath();
  context.strokeStyle = palette.ink2;
  context.lineWidth = 1;
  context.fillStyle = serious ? palette.error : palette.surface;
  context.fill();
  context.stroke();
}

/** The duration beside the bar: to the right of it, or to the left, or upon it when there is room nowhere else. */
function drawDuration(context: Context, bar: { from: number; to: number; y: number; width: number }, split: number, text: string, palette: Palette): void {
  context.font = `11px ${palette.font}`;
  const room = context.measureText(text).width + 8;
  const middle = bar.y + ROW / 2;
  context.textAlign = "left";
  context.fillStyle = palette.ink2;
  if (bar.to + room < bar.width && bar.to >= split) context.fillText(text, bar.to + 5, middle);
  else if (bar.from - room > split && bar.from <= bar.width) context.fillText(text, bar.from - room + 3, middle);
  else if (bar.to > split && bar.from < bar.width) {
    context.fillStyle = palette.surface;
    context.fillRect(bar.width - room - 3, bar.y + 5, room + 3, ROW - 10);
    context.fillStyle = palette.ink;
    context.fillText(text, bar.width - room + 1, middle);
  }
}

/** The whole trace in few pixels: a line for each row or so, drawn once and kept. */
export function drawOverview(context: Context, overview: Overview, colours: readonly number[], size: { width: number; height: number; duration_ns: number; rows: number }, palette: Palette): void {
  context.fillStyle = palette.sunken;
  context.fillRect(0, 0, size.width, size.height);
  const lines = overview.row.length;
  const tall = Math.max(1, Math.min(4, size.height / Math.max(lines, 1) - 0.5));
  const all = { from: 0, to: Math.max(size.duration_ns, 1) };
  for (let line = 0; line < lines; line += 1) {
    const y = (overview.row[line]! / Math.max(size.rows, 1)) * (size.height - tall);
    const x = toPixel(all, size.width, overview.start_ns[line]!);
    const wide = Math.max(1, toPixel(all, size.width, overview.duration_ns[line]!));
    context.fillStyle = palette.services[colours[overview.place[line]!] ?? 0]!;
    context.fillRect(x, y, wide, tall);
    if (!overview.failed[line]) continue;
    context.fillStyle = palette.error; // a mark at the start: the line may stand for many spans of which one failed
    context.fillRect(x - 1, y - 1, 4, Math.max(3, tall));
  }
}
