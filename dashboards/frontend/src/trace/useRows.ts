// The rows of a trace as they are asked for: windows come when they are looked at, a filter is answered where the spans are.
import * as React from "react";

import { get } from "../core/api.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { Book, filterRows, markFound, type RowColumns, type TraceDocument } from "./model.ts";

const WINDOW = 500;
/** Rows before the first missing one that come along: one scrolls both ways. */
const BEFORE = 100;

export interface Rows {
  book: Book;
  /** Changes whenever rows have come. */
  version: number;
  /** Say which rows are looked at; those that are missing are fetched. */
  need: (rows: Iterable<number>) => void;
  /** The stored trace is another one by now. */
  outdated: boolean;
  problem: Problem | null;
}

export function useRows(trace: TraceDocument): Rows {
  const book = React.useMemo(() => new Book(trace), [trace]);
  const [version, setVersion] = React.useState(0);
  const [outdated, setOutdated] = React.useState(false);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const asking = React.useRef<AbortController | null>(null);
  const failed = React.useRef(new Set<number>());
  React.useEffect(() => () => asking.current?.abort(), [book]);
  const need = React.useCallback(
    (rows: Iterable<number>): void => {
      if (asking.current) return;
      const missing = book.firstMissing(rows);
      if (missing < 0) return;
      const first = Math.max(0, missing - BEFORE);
      if (failed.current.has(first)) return;
      const controller = new AbortController();
      asking.current = controller;
      const query = { first: String(first), limit: String(WINDOW) };
      get<{ version: string; columns: RowColumns }>(`traces/${trace.trace_id}/rows`, { query, signal: controller.signal })
        .then((came) => {
          if (came.version === trace.version) book.add(came.columns);
          else setOutdated(true);
          if (came.version !== trace.version || book.firstMissing([missing]) >= 0) failed.current.add(first);
          setProblem(null);
        })
        .catch((error: unknown) => {
          if (isAbort(error)) return;
          failed.current.add(first);
          setProblem(asProblem(error));
        })
        .finally(() => {
          if (asking.current === controller) asking.current = null;
          if (!controller.signal.aborted) setVersion((now) => now + 1);
        });
    },
    [book, trace],
  );
  return { book, version, need, outdated, problem };
}

export interface Marked {
  kept: Uint8Array;
  matches: readonly number[];
  /** Of more than are marked. */
  count: number;
}

interface Found {
  count: number;
  rows: number[];
  above: number[];
}

/** What a filter finds: at once when all rows have come, otherwise where they are stored. */
export function useFilter(trace: TraceDocument, rows: Rows, filter: string): Marked | null {
  const wanted = React.useDeferredValue(filter).trim();
  const { book } = rows;
  const whole = book.missing === 0;
  const here = React.useMemo(() => {
    if (wanted === "" || !whole) return null;
    const found = filterRows(book.tree, book.columns, wanted);
    return { ...found, count: found.matches.length };
  }, [book, wanted, whole]);
  const [there, setThere] = React.useState<Marked | null>(null);
  React.useEffect(() => {
    if (wanted === "" || whole) {
      setThere(null);
      return undefined;
    }
    const controller = new AbortController();
    const timer = window.setTimeout(() => {
      get<Found>(`traces/${trace.trace_id}/find`, { query: { text: wanted.slice(0, 500) }, signal: controller.signal })
        .then((found) => setThere({ ...markFound(book.tree.size, found), count: found.count }))
        .catch(() => undefined); // the filter before stays
    }, 120);
    return () => {
      window.clearTimeout(timer);
      controller.abort();
    };
  }, [book, trace, wanted, whole]);
  if (wanted === "") return null;
  return whole ? here : there;
}

/** The row of a span that has not come: asked for by its id. */
export async function rowOfSpan(trace: TraceDocument, span: string, signal: AbortSignal): Promise<number> {
  const found = await get<Found>(`traces/${trace.trace_id}/find`, { query: { text: span }, signal });
  return found.rows[0] ?? -1;
}
