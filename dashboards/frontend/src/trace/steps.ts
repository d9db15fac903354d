// Where a key leads from a row. Pure.
import { positionOf, type Tree } from "./model.ts";

/** `by` rows further among those shown; from nowhere to the first or the last. */
export function step(tree: Tree, rows: Int32Array, from: number, by: number): number {
  if (rows.length === 0) return -1;
  const at = from < 0 ? -1 : positionOf(tree, rows, from);
  if (at < 0) return rows[by > 0 ? 0 : rows.length - 1]!;
  return rows[Math.max(0, Math.min(rows.length - 1, at + by))]!;
}

/** The next of some rows after (or before) a row, going round at the end; -1 when there are none. */
export function nextOf(rows: readonly number[], from: number, forward: boolean): number {
  if (rows.length === 0) return -1;
  if (forward) return rows.find((row) => row > from) ?? rows[0]!;
  return rows.findLast((row) => row < from) ?? rows[rows.length - 1]!;
}
