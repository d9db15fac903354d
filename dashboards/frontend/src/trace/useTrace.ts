// What is folded, grouped, filtered, zoomed and chosen on the page of a trace.
import * as React from "react";

import type { Problem } from "../core/problem.ts";
import { changePage } from "../core/url.ts";
import { colourMap } from "./colours.ts";
import type { Scene } from "./draw.ts";
import { type Book, type Group, groupOver, positionOf, type Stretch, type TraceDocument, unfoldTo, visibleRows } from "./model.ts";
import { type LogRecord, logsByRow, useLogs } from "./useLogs.ts";
import { rowOfSpan, useFilter, useRows } from "./useRows.ts";
import { reveal, whole, type Window } from "./view.ts";

export interface TraceState {
  trace: TraceDocument;
  scene: Scene;
  filter: string;
  matches: readonly number[];
  /** How many spans the filter finds; more than `matches` when there are very many. */
  found: number;
  /** Rows that failed or have error events, ascending. */
  failures: readonly number[];
  logs: readonly LogRecord[];
  open: boolean;
  table: boolean;
  pathShown: boolean;
  grouped: boolean;
  outdated: boolean;
  problem: Problem | null;
  setFilter: (text: string) => void;
  setTable: (on: boolean) => void;
  setPathShown: (on: boolean) => void;
  setGrouped: (on: boolean) => void;
  show: (window: Window) => void;
  split: (width: number) => void;
  /** Say which rows are in sight. */
  need: (rows: Iterable<number>) => void;
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
  const rows_ = useRows(trace);
  const { book, version, need } = rows_;
  const { tree, columns } = book;
  const logs = useLogs(trace);
  const errors = React.useMemo(() => errorsByRow(trace), [trace]);
  const marks = React.useMemo(() => logsByRow(logs, book), [logs, book, version]);
  const colours = React.useMemo(() => coloursOf(trace), [trace]);
  const failures = React.useMemo(() => [...new Set([...trace.failures, ...errors.keys()])].sort((a, b) => a - b), [trace, errors]);
  const [folded, setFolded] = React.useState<ReadonlySet<number>>(new Set());
  const [opened, setOpened] = React.useState<ReadonlySet<number>>(new Set());
  const [grouped, setGrouped] = React.useState(true);
  const [filter, setFilter] = React.useState("");
  const [window_, show] = React.useState<Window>(() => whole(trace.duration_ns));
  const [split, setSplit] = React.useState(() => Math.min(SPLIT, window.innerWidth * 0.42));
  const [table, setTable] = React.useState(false);
  const [pathShown, setPathShown] = React.useState(true);
  const [open, setOpen] = React.useState(span !== "");
  const [chosen, setChosen] = React.useState(-1);
  const found = useFilter(trace, rows_, filter);
  const groups = React.useMemo(() => (grouped && !found ? closed(book, opened) : NO_GROUPS), [book, grouped, found, opened]);
  const rows = React.useMemo(() => visibleRows(tree, found ? NONE_FOLDED : folded, found?.kept, groups), [tree, folded, found, groups, version]);

  const tell = useSpanInAddress();
  const uncover = React.useCallback(
    (row: number) => {
      setFolded((now) => unfoldTo(tree, now, row));
      setOpened((now) => openedTo(book, now, row));
    },
    [book, tree],
  );
  const point = React.useCallback(
    (row: number) => {
      if (row < 0 || row >= tree.size) return;
      setChosen(row);
      uncover(row);
      need([row]);
    },
    [tree, uncover, need],
  );
  // The chosen row may come later than it is chosen: then its time is shown, and the address names it.
  const told = React.useRef(span);
  React.useEffect(() => {
    if (chosen < 0) return;
    if (!tree.known[chosen]) {
      need([chosen]);
      return;
    }
    uncover(chosen);
    const start = columns.start_ns[chosen]!;
    show((now) => reveal(now, start, start + columns.duration_ns[chosen]!, trace.duration_ns));
    const id = columns.span_id[chosen]!;
    if (id === told.current) return;
    told.current = id;
    tell(id);
  }, [chosen, version, tree, columns, trace, need, tell, uncover]);
  // The address may change under the page (back, a pasted link of the same trace): it decides.
  React.useEffect(() => {
    if (span === "" || (span === told.current && chosen >= 0)) return undefined;
    told.current = span;
    const known = book.rowOf(span);
    if (known >= 0 || book.missing === 0) {
      if (known >= 0) setChosen(known);
      return undefined;
    }
    const controller = new AbortController();
    rowOfSpan(trace, span, controller.signal)
      .then((row) => (row >= 0 ? setChosen(row) : undefined))
      .catch(() => undefined);
    return () => controller.abort();
  }, [span, book, trace]);

  const scene: Scene = {
    columns,
    tree,
    rows,
    folded: found ? NONE_FOLDED : folded,
    kept: found?.kept ?? null,
    path: pathShown ? book.path : NO_PATH,
    errors,
    groups,
    logs: marks,
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
    found: found?.count ?? 0,
    failures,
    logs,
    open,
    table,
    pathShown,
    grouped,
    outdated: rows_.outdated,
    problem: rows_.problem,
    setFilter,
    setTable,
    setPathShown,
    setGrouped,
    show,
    split: (width) => setSplit(Math.max(LEAST_SPLIT, Math.min(width, window.innerWidth * 0.7))),
    need,
    choose: (row) => {
      point(row);
      setOpen(true);
    },
    point,
    openDrawer: () => setOpen(true),
    close: () => setOpen(false),
    fold: (row) => {
      if (groups.has(row)) setOpened((now) => new Set([...now, row]));
      else if (tree.children[row]! === 0 && book.groups.has(row)) setOpened((now) => new Set([...now].filter((one) => one !== row)));
      else setFolded((now) => toggled(now, row));
    },
    foldAll: (on) => setFolded(on ? new Set(trace.branches.row) : new Set()),
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
const NO_GROUPS: ReadonlyMap<number, Group> = new Map();

function toggled(folded: ReadonlySet<number>, row: number): Set<number> {
  const next = new Set(folded);
  if (!next.delete(row)) next.add(row);
  return next;
}

/** The groups that are not opened. */
function closed(book: Book, opened: ReadonlySet<number>): ReadonlyMap<number, Group> {
  if (opened.size === 0) return book.groups;
  return new Map([...book.groups].filter(([row]) => !opened.has(row)));
}

/** Opened groups and those that would hide a row. */
function openedTo(book: Book, opened: ReadonlySet<number>, row: number): ReadonlySet<number> {
  let hidden = groupOver(closed(book, opened), row);
  if (hidden < 0) return opened;
  const next = new Set(opened);
  while (hidden >= 0) {
    next.add(hidden);
    hidden = groupOver(closed(book, next), row);
  }
  return next;
}

function errorsByRow(trace: TraceDocument): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const { row, offset_ns } of trace.errors) {
    if (row >= 0) found.set(row, [...(found.get(row) ?? []), offset_ns]);
  }
  return found;
}

function coloursOf({ places }: TraceDocument): number[] {
  const colours = colourMap(places.names);
  return places.names.map((name) => colours.get(name) ?? 0);
}
