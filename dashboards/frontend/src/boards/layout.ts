// Where panels lie on the grid: no two overlap, and nothing floats. Pure.
import { COLUMNS, LEAST, MOST } from "./model.ts";

export interface Box {
  id: string;
  x: number;
  y: number;
  w: number;
  h: number;
}

/** The box one acts on; `after` puts it behind what begins in the same row, as when it was moved down onto it. */
export interface Held {
  id: string;
  after?: boolean;
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Within the columns, of a size one can read. */
export function bounded<B extends Box>(box: B): B {
  const w = clamp(Math.round(box.w), LEAST.w, COLUMNS);
  const h = clamp(Math.round(box.h), LEAST.h, MOST.h);
  return { ...box, w, h, x: clamp(Math.round(box.x), 0, COLUMNS - w), y: Math.max(0, Math.round(box.y)) };
}

const beside = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w;

/** The boxes in the order one reads them. */
export function reading<B extends Box>(boxes: readonly B[], held?: Held): B[] {
  const rank = ({ id }: Box) => (id !== held?.id ? 0 : held.after ? 1 : -1);
  return [...boxes].sort((a, b) => a.y - b.y || rank(a) - rank(b) || a.x - b.x || (a.id < b.id ? -1 : 1));
}

/** Every box as high up as those before it in reading order let it: what overlapped lies below each other. */
export function settled<B extends Box>(boxes: readonly B[], held?: Held): B[] {
  const placed = new Map<string, B>();
  for (const box of reading(boxes.map(bounded), held)) {
    let y = 0;
    for (const other of placed.values()) if (beside(box, other)) y = Math.max(y, other.y + other.h);
    placed.set(box.id, { ...box, y });
  }
  return boxes.map(({ id }) => placed.get(id)!);
}

function changed<B extends Box>(boxes: readonly B[], id: string, part: Partial<Box>, after = false): B[] {
  return settled(
    boxes.map((box) => (box.id === id ? bounded({ ...box, ...part }) : box)),
    { id, after },
  );
}

/** Put a box at a column and a row; what is there makes room. */
export function placedAt<B extends Box>(boxes: readonly B[], id: string, x: number, y: number): B[] {
  const own = boxes.find((box) => box.id === id);
  if (!own) return [...boxes];
  const target = bounded({ ...own, x, y });
  // Dragged down past the middle of another, it goes below it.
  const passed = boxes.some((box) => box.id !== id && y > own.y && beside(target, box) && box.y >= own.y && target.y + target.h >= box.y + box.h / 2 && target.y <= box.y);
  return passed ? below(boxes, id, target) : changed(boxes, id, { x, y });
}

function below<B extends Box>(boxes: readonly B[], id: string, target: Box): B[] {
  const under = boxes.filter((box) => box.id !== id && beside(target, box) && box.y >= target.y && target.y + target.h >= box.y + box.h / 2);
  const y = under.reduce((most, box) => Math.max(most, box.y), target.y);
  return changed(boxes, id, { x: target.x, y }, true);
}

export type Way = "left" | "right" | "up" | "down";

/** Move a box one column, or past the next box above or below it. */
export function stepped<B extends Box>(boxes: readonly B[], id: string, way: Way): B[] {
  const own = boxes.find((box) => box.id === id);
  if (!own) return [...boxes];
  if (way === "left" || way === "right") return changed(boxes, id, { x: own.x + (way === "left" ? -1 : 1) });
  const others = boxes.filter((box) => box.id !== id && beside(own, box));
  if (way === "up") {
    const above = others.filter((box) => box.y < own.y).reduce<Box | null>((best, box) => (!best || box.y > best.y ? box : best), null);
    return above ? changed(boxes, id, { y: above.y }) : [...boxes];
  }
  const under = others.filter((box) => box.y > own.y).reduce<Box | null>((best, box) => (!best || box.y < best.y ? box : best), null);
  return under ? changed(boxes, id, { y: under.y }, true) : [...boxes];
}

/** Give a box another size; what is in the way goes down. */
export function resized<B extends Box>(boxes: readonly B[], id: string, w: number, h: number): B[] {
  const own = boxes.find((box) => box.id === id);
  return own ? changed(boxes, id, { w: clamp(w, LEAST.w, COLUMNS - own.x), h }) : [...boxes];
}

/** Rows the boxes take. */
export function rowsOf(boxes: readonly Box[]): number {
  return boxes.reduce((most, box) => Math.max(most, box.y + box.h), 0);
}

/** Where a box lies, in words. */
export function placeWords(box: Box): string {
  return `column ${box.x + 1}, row ${box.y + 1}, ${box.w} wide, ${box.h} high`;
}
