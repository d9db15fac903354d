// Drawing of flame graphs: only frames in sight that are at least half a pixel wide, in CSS pixels.
import type { Palette } from "../trace/draw.ts";
import { change, type Placed, shares } from "./model.ts";

export const ROW = 18;
const LEAST_PX = 0.5;
const TEXT_PX = 26;

export interface FlamePalette extends Palette {
  slower: string;
  faster: string;
}

export interface FlameScene {
  placed: Placed;
  names: readonly string[];
  /** Short names, as frames show them. */
  labels: readonly string[];
  /** Number of the colour of each name. */
  colours: readonly number[];
  in_app: readonly boolean[];
  found: Uint8Array | null;
  /** The frame that is as wide as the box; its ancestors stand above it. */
  zoomed: number;
  chosen: number;
  hovered: number;
}

interface Box {
  top: number;
  width: number;
  height: number;
}

type Context = CanvasRenderingContext2D;

export function drawFlame(context: Context, scene: FlameScene, box: Box, palette: FlamePalette): void {
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, box.width, box.height);
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.direction = "ltr";
  context.font = `11.5px ${palette.font}`;
  const letter = Math.max(context.measureText("abcdefghij").width / 10, 1);
  const { levels } = scene.placed;
  const first = Math.max(0, Math.floor(box.top / ROW));
  const last = Math.min(levels.length, Math.ceil((box.top + box.height) / ROW));
  for (let level = first; level < last; level += 1) {
    for (const frame of inSight(scene, level, box.width)) drawFrame(context, scene, frame, { y: level * ROW - box.top, width: box.width, letter }, palette);
  }
}

/** Left edge and width of a frame in pixels. */
export function spanOf(scene: Pick<FlameScene, "placed" | "zoomed">, frame: number, width: number): { left: number; wide: number } {
  const { x, wide } = scene.placed;
  const scale = width / (wide[scene.zoomed] || 1);
  return { left: (x[frame]! - x[scene.zoomed]!) * scale, wide: wide[frame]! * scale };
}

/** Frames of a level that can be seen, from left to right. */
function* inSight(scene: FlameScene, level: number, width: number): Generator<number> {
  const { levels, x, wide } = scene.placed;
  const frames = levels[level]!;
  const from = x[scene.zoomed]!;
  const to = from + wide[scene.zoomed]!;
  const least = (LEAST_PX / Math.max(width, 1)) * wide[scene.zoomed]!;
  for (let at = firstFrom(scene.placed, frames, from); at < frames.length; at += 1) {
    const frame = frames[at]!;
    if (x[frame]! >= to) return;
    if (wide[frame]! >= least) yield frame;
  }
}

/** The first frame of a level that ends after a place. */
function firstFrom({ x, wide }: Placed, frames: Int32Array, from: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[frames[middle]!]! + wide[frames[middle]!]! <= from + 1e-12) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawFrame(context: Context, scene: FlameScene, frame: number, at: { y: number; width: number; letter: number }, palette: FlamePalette): void {
  const { left: begin, wide: length } = spanOf(scene, frame, at.width);
  const left = Math.max(begin, 0);
  const right = Math.min(begin + length, at.width);
  const gap = right - left > 3 ? 1 : 0;
  const name = scene.placed.frames.name[frame]!;
  const found = scene.found !== null && name >= 0 && scene.found[name] === 1;
  fill(context, scene, frame, found, palette);
  context.fillRect(left, at.y, right - left - gap, ROW - 1);
  context.globalAlpha = 1;
  if (frame === scene.chosen || frame === scene.hovered) {
    context.strokeStyle = frame === scene.chosen ? palette.accent : palette.ink;
    context.lineWidth = frame === scene.chosen ? 2 : 1;
    context.strokeRect(left + 1, at.y + 1, Math.max(1, right - left - gap - 2), ROW - 3);
  }
  if (right - left < TEXT_PX) return;
  context.fillStyle = scene.found && !found ? palette.ink3 : palette.ink;
  const text = labelOf(scene, frame);
  const room = Math.floor((right - left - 8) / at.letter);
  context.save(); // letters are measured by the mean, and other scripts are wider
  context.beginPath();
  context.rect(left, at.y, right - left - gap, ROW);
  context.clip();
  context.fillText(text.length > room ? `${text.slice(0, Math.max(1, room - 1))}…` : text, left + 4, at.y + ROW / 2);
  context.restore();
}

function fill(context: Context, scene: FlameScene, frame: number, found: boolean, palette: FlamePalette): void {
  const { frames } = scene.placed;
  const name = frames.name[frame]!;
  context.globalAlpha = 1;
  if (found) {
    context.fillStyle = palette.accent;
    context.globalAlpha = 0.75;
  } else if (name < 0) context.fillStyle = palette.sunken;
  else if (frames.base) fillChange(context, scene, frame, palette);
  else {
    context.fillStyle = palette.services[scene.colours[name] ?? 0]!;
    context.globalAlpha = scene.in_app[name] ? 0.52 : 0.26;
  }
  if (scene.found && !found) context.globalAlpha *= 0.45;
}

/** Red and blue by how many points of the whole the frame gained or lost: full at five points. */
function fillChange(context: Context, scene: FlameScene, frame: number, palette: FlamePalette): void {
  const { shown, base } = shares(scene.placed.frames, frame);
  const by = shown - base;
  if (Math.abs(by) < 0.0005) {
    context.fillStyle = palette.sunken;
    return;
  }
  context.fillStyle = by > 0 ? palette.slower : palette.faster;
  context.globalAlpha = 0.16 + 0.5 * Math.min(1, Math.abs(by) / 0.05);
}

function labelOf(scene: FlameScene, frame: number): string {
  const { frames } = scene.placed;
  const name = frames.name[frame]!;
  const text = name < 0 ? "all" : scene.labels[name]!;
  if (!frames.base || frame === 0) return text;
  const { shown, base } = shares(frames, frame);
  const said = change(shown, base);
  return said === "=" ? text : `${said}  ${text}`;
}

/** The frame at a place in the box, or -1. */
export function frameAt(scene: FlameScene, x: number, y: number, width: number): number {
  const frames = scene.placed.levels[Math.floor(y / ROW)];
  if (!frames || width <= 0) return -1;
  const at = scene.placed.x[scene.zoomed]! + (x / width) * scene.placed.wide[scene.zoomed]!;
  const place = firstFrom(scene.placed, frames, at);
  const frame = frames[place];
  return frame !== undefined && scene.placed.x[frame]! <= at ? frame : -1;
}
