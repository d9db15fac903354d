// The trace document of GET /api/v1/traces/<id> and the rows that have come of it. Pure: no DOM, no fetch.

/** What spans are called, in columns. */
interface SpanTexts {
  span_id: string[];
  op: string[];
  description: string[];
  service: string[];
  status: string[];
  project: string[];
  is_segment: boolean[];
}

/** Rows as the API answers them, in columns; `row` says which they are. */
export interface RowColumns extends SpanTexts {
  row: number[];
  parent: number[];
  depth: number[];
  end: number[];
  children: number[];
  start_ns: number[];
  duration_ns: number[];
  self_ns: number[];
  place: number[];
  path_row: number[];
  path_from_ns: number[];
  path_to_ns: number[];
}

export interface TraceError {
  event_id: string;
  span_id: string;
  row: number;
  issue: string;
  title: string;
  project: string;
  offset_ns: number;
}

/** What spans are told apart by: where they ran, or what they did when all ran in one place. */
export interface Places {
  kind: "service" | "op";
  names: string[];
  spans: number[];
  self_ns: number[];
}

export interface Overview {
  row: number[];
  start_ns: number[];
  duration_ns: number[];
  place: number[];
  failed: boolean[];
}

export interface GroupColumns {
  row: number[];
  until: number[];
  count: number[];
  total_ns: number[];
  from_ns: number[];
  to_ns: number[];
  failed: number[];
}

export interface TraceDocument {
  trace_id: string;
  version: string;
  start_ns: string;
  duration_ns: number;
  count: number;
  truncated: boolean;
  landed: number;
  missing_parents: number;
  columns: RowColumns;
  places: Places;
  overview: Overview;
  failures: number[];
  failed: number;
  branches: { row: number[]; end: number[] };
  groups: GroupColumns;
  errors: TraceError[];
}

/** A stretch of the critical path: between two times relative to the start of the trace. */
export interface Stretch {
  from_ns: number;
  to_ns: number;
}

/** A run of like siblings: rows from its first up to `until`. */
export interface Group {
  until: number;
  count: number;
  total_ns: number;
  from_ns: number;
  to_ns: number;
  failed: number;
}

/** The texts and times of spans by row; of rows that have not come there is nothing. */
export interface SpanColumns extends SpanTexts {
  start_ns: Float64Array;
  duration_ns: Float64Array;
  self_ns: Float64Array;
  place: Int32Array;
}

/** The tree by row, in display order: parents before children; a subtree is the rows [row, end[row]). */
export interface Tree {
  size: number;
  /** Whether a row has come. */
  known: Uint8Array;
  /** Row of the parent, or -1. */
  parent: Int32Array;
  depth: Int32Array;
  /** Row after the last descendant; of rows that have not come the next one. */
  end: Int32Array;
  /** How many direct children a row has. */
  children: Int32Array;
}

const NONE = -1;

/** The rows of a trace as they come, window by window. */
export class Book {
  readonly tree: Tree;
  readonly columns: SpanColumns;
  readonly path = new Map<number, Stretch[]>();
  readonly groups = new Map<number, Group>();
  missing: number;

  constructor(trace: TraceDocument) {
    const size = trace.count;
    this.missing = size;
    this.tree = {
      size,
      known: new Uint8Array(size),
      parent: new Int32Array(size).fill(NONE),
      depth: new Int32Array(size),
      end: Int32Array.from({ length: size }, (_, row) => row + 1),
      children: new Int32Array(size),
    };
    this.columns = {
      span_id: new Array<string>(size).fill(""),
      start_ns: new Float64Array(size),
      duration_ns: new Float64Array(size),
      self_ns: new Float64Array(size),
      place: new Int32Array(size),
      op: new Array<string>(size).fill(""),
      description: new Array<string>(size).fill(""),
      service: new Array<string>(size).fill(""),
      status: new Array<string>(size).fill(""),
      project: new Array<string>(size).fill(""),
      is_segment: new Array<boolean>(size).fill(false),
    };
    trace.branches.row.forEach((row, i) => {
      this.tree.end[row] = trace.branches.end[i]!;
      this.tree.children[row] = 1; // some; how many comes with the row
    });
    const { groups } = trace;
    groups.row.forEach((row, i) =>
      this.groups.set(row, { until: groups.until[i]!, count: groups.count[i]!, total_ns: groups.total_ns[i]!, from_ns: groups.from_ns[i]!, to_ns: groups.to_ns[i]!, failed: groups.failed[i]! }),
    );
    this.add(trace.columns);
  }

  /** Take rows in; those that are known already are left as they are. */
  add(came: RowColumns): void {
    const { tree, columns } = this;
    const fresh = new Set<number>();
    came.row.forEach((row, i) => {
      if (row < 0 || row >= tree.size || tree.known[row]) return;
      fresh.add(row);
      tree.known[row] = 1;
      this.missing -= 1;
      const above = came.parent[i]!;
      tree.parent[row] = above < row ? above : NONE;
      tree.depth[row] = came.depth[i]!;
      tree.end[row] = Math.min(Math.max(came.end[i]!, row + 1), tree.size);
      tree.children[row] = came.children[i]!;
      columns.span_id[row] = came.span_id[i]!;
      columns.start_ns[row] = came.start_ns[i]!;
      columns.duration_ns[row] = came.duration_ns[i]!;
      columns.self_ns[row] = came.self_ns[i]!;
      columns.place[row] = came.place[i]!;
      columns.op[row] = came.op[i]!;
      columns.description[row] = came.description[i]!;
      columns.service[row] = came.service[i]!;
      columns.status[row] = came.status[i]!;
      columns.project[row] = came.project[i]!;
      columns.is_segment[row] = came.is_segment[i]!;
    });
    came.path_row.forEach((row, i) => {
      if (!fresh.has(row)) return;
      const stretch = { from_ns: came.path_from_ns[i]!, to_ns: came.path_to_ns[i]! };
      const known = this.path.get(row);
      if (known) known.push(stretch);
      else this.path.set(row, [stretch]);
    });
  }

  /** Row of a span that has come, or -1. */
  rowOf(span: string): number {
    return span === "" ? NONE : this.columns.span_id.indexOf(span);
  }

  /** The first of the given rows that has not come, or -1. */
  firstMissing(rows: Iterable<number>): number {
    if (this.missing > 0) for (const row of rows) if (!this.tree.known[row]) return row;
    return NONE;
  }
}

/** Rows to show: folded subtrees and all but the first of a group are skipped; with `kept` only rows marked there. */
export function visibleRows(tree: Tree, folded: ReadonlySet<number>, kept?: Uint8Array | null, groups?: ReadonlyMap<number, Group>): Int32Array {
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
    row = groups?.get(row)?.until ?? (folded.has(row) ? tree.end[row]! : row + 1);
  }
  return rows.subarray(0, count);
}

/** The group that hides a row, told by its first row; -1 when none does. */
export function groupOver(groups: ReadonlyMap<number, Group>, row: number): number {
  for (const [first, group] of groups) if (row > first && row < group.until) return first;
  return NONE;
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
export function filterRows(tree: Tree, columns: SpanColumns, text: string): { kept: Uint8Array; matches: number[] } {
  const kept = new Uint8Array(tree.size);
  const matches: number[] = [];
  const wanted = words(text);
  for (let row = 0; row < tree.size; row += 1) {
    if (!spanMatches(columns, row, wanted)) continue;
    matches.push(row);
    kept[row] = 1;
    for (let at = tree.parent[row]!; at !== NONE && kept[at] === 0; at = tree.parent[at]!) kept[at] = 2;
  }
  return { kept, matches };
}

function words(text: string): string[] {
  return text.toLowerCase().split(/\s+/u).filter((word) => word !== "");
}

/** The same marks for rows the server found. */
export function markFound(size: number, found: { rows: number[]; above: number[] }): { kept: Uint8Array; matches: number[] } {
  const kept = new Uint8Array(size);
  for (const row of found.above) kept[row] = 2;
  for (const row of found.rows) kept[row] = 1;
  return { kept, matches: found.rows };
}

/** Whether every word is in the span's texts; `is:error` and `is:segment` ask for facts, `key:word` for one column. */
function spanMatches(columns: SpanColumns, span: number, wanted: string[]): boolean {
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
