// The trace document of GET /api/v1/traces/<id> and the tree made of it. Pure: no DOM, no fetch.

export interface TraceColumns {
  span_id: string[];
  parent: number[];
  depth: number[];
  start_ns: number[];
  duration_ns: number[];
  self_ns: number[];
  op: string[];
  description: string[];
  service: string[];
  status: string[];
  is_segment: boolean[];
  project: string[];
}

export interface TraceError {
  event_id: string;
  span_id: string;
  issue: string;
  title: string;
  project: string;
  offset_ns: number;
}

export interface TraceDocument {
  trace_id: string;
  start_ns: string;
  duration_ns: number;
  count: number;
  truncated: boolean;
  columns: TraceColumns;
  errors: TraceError[];
  missing_parents: number;
}

/** A trace laid out: `order` holds every span once, parents before children; a subtree is the slice [row, end[row]). */
export interface Tree {
  size: number;
  /** Row to the span's index in the document. */
  order: Int32Array;
  /** Span index to its row. */
  rowOf: Int32Array;
  /** Row to its parent's row, or -1. */
  parent: Int32Array;
  depth: Int32Array;
  /** Row after the last descendant. */
  end: Int32Array;
  /** How many direct children a row has. */
  children: Int32Array;
}

const NONE = -1;

/**
 * The parent of every span, such that no chain of parents has a cycle.
 *
 * Clients send what they like: a span may name itself, a descendant, or something out of range as its parent. Links that
 * would close a ring are cut where the ring is found.
 */
export function safeParents(raw: readonly number[], size: number): Int32Array {
  const parent = new Int32Array(size).fill(NONE);
  for (let i = 0; i < size; i += 1) {
    const p = raw[i];
    if (p !== undefined && Number.isInteger(p) && p >= 0 && p < size && p !== i) parent[i] = p;
  }
  const state = new Uint8Array(size); // 0 new, 1 on the current walk, 2 known to end in a root
  const walk: number[] = [];
  for (let i = 0; i < size; i += 1) {
    let at = i;
    while (at !== NONE && state[at] === 0) {
      state[at] = 1;
      walk.push(at);
      at = parent[at]!;
    }
    if (at !== NONE && state[at] === 1) parent[at] = NONE;
    for (const seen of walk) state[seen] = 2;
    walk.length = 0;
  }
  return parent;
}

/** Children lists as linked arrays, siblings in order of start (stable by index). */
function childLists(parent: Int32Array, start: readonly number[]): { first: Int32Array; next: Int32Array } {
  const size = parent.length;
  const byStart = Array.from({ length: size }, (_, i) => i).sort((a, b) => (start[b] ?? 0) - (start[a] ?? 0) || b - a);
  const first = new Int32Array(size + 1).fill(NONE); // the last slot holds the roots
  const next = new Int32Array(size).fill(NONE);
  for (const i of byStart) {
    const slot = parent[i] === NONE ? size : parent[i]!;
    next[i] = first[slot]!;
    first[slot] = i;
  }
  return { first, next };
}

/** Lays a trace out as a tree in display order; takes any document, however broken its parents are. */
export function layOut(columns: TraceColumns): Tree {
  const size = columns.span_id.length;
  const spanParent = safeParents(columns.parent, size);
  const { first, next } = childLists(spanParent, columns.start_ns);
  const tree: Tree = {
    size,
    order: new Int32Array(size),
    rowOf: new Int32Array(size).fill(NONE),
    parent: new Int32Array(size).fill(NONE),
    depth: new Int32Array(size),
    end: new Int32Array(size),
    children: new Int32Array(size),
  };
  let row = 0;
  let span = first[size]!;
  const open: number[] = [];
  while (span !== NONE || open.length > 0) {
    if (span === NONE) {
      const closed = open.pop()!;
      tree.end[tree.rowOf[closed]!] = row;
      span = next[closed]!;
      continue;
    }
    tree.order[row] = span;
    tree.rowOf[span] = row;
    tree.depth[row] = open.length;
    const above = open.length > 0 ? tree.rowOf[open[open.length - 1]!]! : NONE;
    tree.parent[row] = above;
    if (above !== NONE) tree.children[above]! += 1;
    row += 1;
    open.push(span);
    span = first[span]!;
  }
  return tree;
}

/** Rows to show: folded subtrees are skipped; with `kept` only rows marked there. */
export function visibleRows(tree: Tree, folded: ReadonlySet<number>, kept?: Uint8Array): Int32Array {
  const rows = new Int32Array(tree.size);
  let count = 0;
  let row = 0;
  while (row < tree.size) {
    if (kept && !kept[row]) {
      row += 1;
      continue;
    }
    rows[count] = row;
    count += 1;
    row = folded.has(row) ? tree.end[row]! : row + 1;
  }
  return rows.subarray(0, count);
}

/** Position of `row` among the ascending `rows`, or of its nearest shown ancestor; -1 when there is none. */
export function positionOf(tree: Tree, rows: Int32Array, row: number): number {
  for (let at = row; at !== NONE; at = tree.parent[at]!) {
    let low = 0;
    let high = rows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const value = rows[middle]!;
      if (value === at) return middle;
      if (value < at) low = middle + 1;
      else high = middle - 1;
    }
  }
  return NONE;
}

/** Folded rows without the ancestors of `row`, so that it can be seen. */
export function unfoldTo(tree: Tree, folded: ReadonlySet<number>, row: number): Set<number> {
  const open = new Set(folded);
  for (let at = tree.parent[row] ?? NONE; at !== NONE; at = tree.parent[at]!) open.delete(at);
  return open;
}

/** Marks of rows that match a filter (1) and of their ancestors (2); `matches` lists the matching rows. */
export function filterRows(tree: Tree, columns: TraceColumns, text: string): { kept: Uint8Array; matches: number[] } {
  const kept = new Uint8Array(tree.size);
  const matches: number[] = [];
  const wanted = words(text);
  for (let row = 0; row < tree.size; row += 1) {
    if (!spanMatches(columns, tree.order[row]!, wanted)) continue;
    matches.push(row);
    kept[row] = 1;
    for (let at = tree.parent[row]!; at !== NONE && kept[at] === 0; at = tree.parent[at]!) kept[at] = 2;
  }
  return { kept, matches };
}

function words(text: string): string[] {
  return text.toLowerCase().split(/\s+/u).filter((word) => word !== "");
}

/** Whether every word is in the span's texts; `is:error` and `is:segment` ask for facts, `key:word` for one column. */
function spanMatches(columns: TraceColumns, span: number, wanted: string[]): boolean {
  return wanted.every((word) => {
    if (word === "is:error") return isFailure(columns.status[span] ?? "");
    if (word === "is:segment") return Boolean(columns.is_segment[span]);
    const colon = word.indexOf(":");
    const key = colon > 0 ? word.slice(0, colon) : "";
    if (key === "op" || key === "service" || key === "status" || key === "description" || key === "project") {
      const value = columns[key][span] || (key === "service" ? columns.project[span] : "");
      return (value ?? "").toLowerCase().includes(word.slice(colon + 1));
    }
    const id = columns.span_id[span] ?? "";
    return [columns.op, columns.description, columns.service].some((c) => (c[span] ?? "").toLowerCase().includes(word)) || id === word;
  });
}

const FINE = new Set(["", "ok", "unset", "unknown", "cancelled"]);

/** Whether a span status means failure; the same statuses `failure_rate()` of the language leaves out are fine. */
export function isFailure(status: string): boolean {
  return !FINE.has(status.toLowerCase());
}
