// What is folded, filtered, zoomed and chosen on the page of a trace.
import * as React from "react";

import { changePage } from "../core/url.ts";
import { colourMap, groupsOf } from "./colours.ts";
import { criticalPath, type Stretch } from "./critical.ts";
import type { Scene } from "./draw.ts";
import { filterRows, isFailure, layOut, positionOf, type TraceDocument, type Tree, unfoldTo, visibleRows } from "./model.ts";
import { reveal, whole, type Window } from "./view.ts";

export interface TraceState {
  trace: TraceDocument;
  scene: Scene;
  filter: string;
  matches: readonly number[];
  /** Rows that failed or have error events, ascending. */
  failures: readonly number[];
  open: boolean;
  table: boolean;
  pathShown: boolean;
  setFilter: (text: string) => void;
  setTable: (on: boolean) => void;
  setPathShown: (on: boolean) => void;
  show: (window: Window) => void;
  split: (width: number) => void;
  choose: (row: number) => void;
  /** Choose without opening the drawer when it is closed. */
  point: (row: number) => void;
  openDrawer: () => void;
  close: () => void;
  fold: (row: number) => void;
  foldAll: (on: boolean) => void;
}

const SPLIT = 420;
const LEAST_SPLIT = 140;

export function useTrace(trace: TraceDocument, span: string): TraceState {
  const tree = React.useMemo(() => layOut(trace.columns), [trace]);
  const errors = React.useMemo(() => errorsByRow(trace, tree), [trace, tree]);
  const path = React.useMemo(() => pathByRow(criticalPath(tree, trace.columns)), [trace, tree]);
  const groups = React.useMemo(() => groupsOf(trace.columns), [trace]);
  const colours = React.useMemo(() => colourMap(groups.names), [groups]);
  const failures = React.useMemo(() => failuresOf(trace, tree, errors), [trace, tree, errors]);
  const [folded, setFolded] = React.useState<ReadonlySet<number>>(new Set());
  const [filter, setFilter] = React.useState("");
  const [window_, show] = React.useState<Window>(() => whole(trace.duration_ns));
  const [split, setSplit] = React.useState(() => Math.min(SPLIT, window.innerWidth * 0.42));
  const [table, setTable] = React.useState(false);
  const [pathShown, setPathShown] = React.useState(true);
  const [open, setOpen] = React.useState(span !== "");
  const landed = React.useMemo(() => rowOfSpan(trace, tree, span), [trace, tree, span]);
  const [chosen, setChosen] = React.useState(landed);
  const wanted = React.useDeferredValue(filter);
  const found = React.useMemo(() => (wanted.trim() === "" ? null : filterRows(tree, trace.columns, wanted)), [tree, trace, wanted]);
  const rows = React.useMemo(() => visibleRows(tree, found ? NONE_FOLDED : folded, found?.kept), [tree, folded, found]);

  const tell = useSpanInAddress();
  const point = React.useCallback(
    (row: number) => {
      if (row < 0 || row >= tree.size) return;
      setChosen(row);
      setFolded((now) => unfoldTo(tree, now, row));
      const at = tree.order[row]!;
      const start = trace.columns.start_ns[at] ?? 0;
      show((now) => reveal(now, start, start + (trace.columns.duration_ns[at] ?? 0), trace.duration_ns));
      tell(trace.columns.span_id[at] ?? "");
    },
    [trace, tree, tell],
  );
  // The address may change under the page (back, a pasted link of the same trace): it decides.
  React.useEffect(() => {
    if (landed >= 0) {
      setChosen(landed);
      setFolded((now) => unfoldTo(tree, now, landed));
    }
  }, [landed, tree]);

  const shownPath = pathShown ? path : NO_PATH;
  const scene: Scene = {
    columns: trace.columns,
    tree,
    rows,
    folded: found ? NONE_FOLDED : folded,
    kept: found?.kept ?? null,
    path: shownPath,
    errors,
    groups,
    colours,
    window: window_,
    split,
    chosen: positionOf(tree, rows, chosen) >= 0 ? chosen : -1,
    hovered: -1,
    marking: null,
  };
  return {
    trace,
    scene,
    filter,
    matches: found?.matches ?? [],
    failures,
    open,
    table,
    pathShown,
    setFilter,
    setTable,
    setPathShown,
    show,
    split: (width) => setSplit(Math.max(LEAST_SPLIT, Math.min(width, window.innerWidth * 0.7))),
    choose: (row) => {
      point(row);
      setOpen(true);
    },
    point,
    openDrawer: () => setOpen(true),
    close: () => setOpen(false),
    fold: (row) => setFolded((now) => toggled(now, row)),
    foldAll: (on) => setFolded(on ? foldable(tree) : new Set()),
  };
}

/** Browsers take no more than about 200 changes of the address in 30 seconds; a held key makes more. */
const TELL_MS = 150;

/** Names the chosen span in the address, once the choice rests; not when one has gone to another page meanwhile. */
function useSpanInAddress(): (span: string) => void {
  const timer = React.useRef(0);
  React.useEffect(() => () => window.clearTimeout(timer.current), []);
  return React.useCallback((span) => {
    window.clearTimeout(timer.current);
    const here = window.location.pathname;
    timer.current = window.setTimeout(() => {
      if (window.location.pathname === here) changePage({ span }, { replace: true });
    }, TELL_MS);
  }, []);
}

const NONE_FOLDED: ReadonlySet<number> = new Set();
const NO_PATH: ReadonlyMap<number, readonly Stretch[]> = new Map();

function toggled(folded: ReadonlySet<number>, row: number): Set<number> {
  const next = new Set(folded);
  if (!next.delete(row)) next.add(row);
  return next;
}

/** Every row with children below the roots: the trace in its services. */
function foldable(tree: Tree): Set<number> {
  const rows = new Set<number>();
  for (let row = 0; row < tree.size; row += 1) if (tree.children[row]! > 0 && tree.depth[row]! > 0) rows.add(row);
  return rows;
}

function rowOfSpan(trace: TraceDocument, tree: Tree, span: string): number {
  const at = span === "" ? -1 : trace.columns.span_id.indexOf(span);
  return at < 0 ? -1 : tree.rowOf[at]!;
}

function errorsByRow(trace: TraceDocument, tree: Tree): Map<number, number[]> {
  const spans = new Map(trace.columns.span_id.map((id, at) => [id, at]));
  const found = new Map<number, number[]>();
  for (const error of trace.errors) {
    const at = spans.get(error.span_id);
    if (at === undefined) continue;
    const row = tree.rowOf[at]!;
    found.set(row, [...(found.get(row) ?? []), error.offset_ns]);
  }
  return found;
}

function pathByRow(path: readonly Stretch[]): Map<number, Stretch[]> {
  const found = new Map<number, Stretch[]>();
  for (const stretch of path) {
    const known = found.get(stretch.row);
    if (known) known.push(stretch);
    else found.set(stretch.row, [stretch]);
  }
  return found;
}

function failuresOf(trace: TraceDocument, tree: Tree, errors: ReadonlyMap<number, unknown>): number[] {
  const rows: number[] = [];
  for (let row = 0; row < tree.size; row += 1) {
    if (errors.has(row) || isFailure(trace.columns.status[tree.order[row]!] ?? "")) rows.push(row);
  }
  return rows;
}
