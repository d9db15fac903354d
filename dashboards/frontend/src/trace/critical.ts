// The critical path: which span the trace was waiting for at each moment. Pure.
//
// From the end of a root backwards: the child that ended last before the moment is what was waited for; before that
// child's start the question is asked again. (Walk as in Yang and Miller, "Critical path analysis for the execution of
// parallel and distributed programs", 1988.)

import type { TraceColumns, Tree } from "./model.ts";

/** A stretch of the critical path: the row that was worked on between two times relative to the start of the trace. */
export interface Stretch {
  row: number;
  from_ns: number;
  to_ns: number;
}

function childrenByEnd(tree: Tree, columns: TraceColumns, row: number): number[] {
  const rows: number[] = [];
  for (let child = row + 1; child < tree.end[row]!; child = tree.end[child]!) rows.push(child);
  const endOf = (r: number): number => end(tree, columns, r);
  return rows.sort((a, b) => endOf(b) - endOf(a) || b - a);
}

function start(tree: Tree, columns: TraceColumns, row: number): number {
  return columns.start_ns[tree.order[row]!] ?? 0;
}

function end(tree: Tree, columns: TraceColumns, row: number): number {
  const span = tree.order[row]!;
  return (columns.start_ns[span] ?? 0) + (columns.duration_ns[span] ?? 0);
}

/** The critical path of the root that ends last, latest stretch first. Stretches never overlap. */
export function criticalPath(tree: Tree, columns: TraceColumns): Stretch[] {
  let root = -1;
  for (let row = 0; row < tree.size; row = tree.end[row]!) {
    if (root < 0 || end(tree, columns, row) > end(tree, columns, root)) root = row;
  }
  if (root < 0) return [];
  const path: Stretch[] = [];
  const open = [{ row: root, until: end(tree, columns, root), rest: childrenByEnd(tree, columns, root) }];
  while (open.length > 0) {
    const frame = open[open.length - 1]!;
    const child = frame.rest.shift();
    const from = start(tree, columns, frame.row);
    if (child === undefined) {
      if (frame.until > from) path.push({ row: frame.row, from_ns: from, to_ns: frame.until });
      open.pop();
      const above = open[open.length - 1];
      if (above) above.until = Math.min(above.until, Math.max(from, start(tree, columns, above.row)));
      continue;
    }
    const childEnd = Math.min(end(tree, columns, child), frame.until);
    const childStart = start(tree, columns, child);
    // A child that ended after the moment asked about was not waited for then; one that started before its parent is cut.
    if (end(tree, columns, child) > frame.until || childStart < from || childEnd <= childStart) continue;
    if (frame.until > childEnd) path.push({ row: frame.row, from_ns: childEnd, to_ns: frame.until });
    frame.until = childEnd;
    open.push({ row: child, until: childEnd, rest: childrenByEnd(tree, columns, child) });
  }
  return path;
}

/** Rows on the path. */
export function rowsOf(path: readonly Stretch[]): Set<number> {
  return new Set(path.map((stretch) => stretch.row));
}
