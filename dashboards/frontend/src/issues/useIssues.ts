// The issue list's data: pages, refreshes, optimistic changes. What is asked follows from the address alone.
import * as React from "react";

import { get, Latest, post, write } from "../core/api.ts";
import { askEarly, getEarly } from "../core/early.ts";
import { asProblem, type Problem } from "../core/problem.ts";
import { formatSearch, type UrlState } from "../core/search.ts";
import { say } from "../core/toast.ts";
import { isRelative, listParams, matchBody, readFilters } from "./filters.ts";
import { type Issue, type IssueChange, type IssueState, type ListPage, said } from "./model.ts";
import { changed, firstPage, leaves, NO_ROWS, nextPage, refreshed, restored, type Rows, statesOf } from "./rows.ts";

const LIST = "/app/issues";
const PAGE = 25;
/** As many as one request may bring; a refresh asks for what is loaded up to here. */
const MOST = 200;
const REFRESH_MS = 15_000;

export interface Loaded {
  rows: Rows;
  /** `first`: nothing to show yet; `again`: other filters, the rows shown are of before. */
  phase: "first" | "again" | "more" | "ready";
  problem: Problem | null;
  more: () => void;
  reload: () => void;
  act: (ids: readonly string[], change: IssueChange, everything: boolean) => void;
}

/** The list as it was left: who comes back from an issue finds it as it was, at once, and then it is refreshed. */
const left: { key: string; rows: Rows } = { key: "", rows: NO_ROWS };

askEarly(({ pathname, state }, before) => {
  const known = left.rows.meta !== null && left.key === formatSearch(state);
  const arrived = pathname === LIST && before !== LIST && !known;
  return arrived ? { path: "issues", query: listParams(state, "", null, PAGE) } : null;
});

interface Answered {
  changed: number;
  before: IssueState[];
}

/** Loads and changes the issues the address asks for; `held` names rows a refresh must not take away. */
export function useIssues(state: UrlState, me: string, held: () => ReadonlySet<string>): Loaded {
  const key = formatSearch(state);
  const known = left.key === key && left.rows.meta !== null;
  const [rows, setRows] = React.useState<Rows>(known ? left.rows : NO_ROWS);
  const [phase, setPhase] = React.useState<Loaded["phase"]>(known ? "ready" : "first");
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const newest = React.useMemo(() => new Latest(), []);
  const counting = React.useMemo(() => new Latest(), []);
  /** Writes under way, and all ever made: an answer asked before a write must not overwrite what it changed. */
  const writes = React.useRef({ open: 0, made: 0 });
  const current = React.useRef({ rows, phase, state, me, held });
  current.current = { rows, phase, state, me, held };
  if (phase === "ready" || phase === "more") {
    left.key = key;
    left.rows = rows;
  }
  const returned = React.useRef(known);

  /** How many there are in all: asked after the rows, it reads more than they need. */
  const count = React.useCallback(async () => {
    const { state: asked, me: self } = current.current;
    const query: [string, string][] = [...listParams(asked, self, null, 1), ["total", "true"]];
    const page = await counting.run((signal) => get<ListPage>("issues", { query, signal })).catch(() => undefined);
    if (page) setRows((shown) => (shown.meta ? { ...shown, meta: { ...shown.meta, total: page.meta.total } } : shown));
  }, [counting]);

  const load = React.useCallback(async () => {
    counting.cancel();
    setPhase((before) => (before === "first" ? "first" : "again"));
    try {
      const { state: asked, me: self } = current.current;
      const page = await newest.run((signal) => getEarly<ListPage>("issues", listParams(asked, self, null, PAGE), { signal }));
      if (!page) return;
      setRows(firstPage(page));
      setProblem(null);
      if (page.meta.total === null) void count();
      say(`${page.meta.total ?? page.items.length}${page.next && page.meta.total === null ? " or more" : ""} issues`);
    } catch (error) {
      setRows(NO_ROWS);
      setProblem(asProblem(error));
    }
    setPhase("ready");
  }, [newest, counting, count]);

  const refresh = React.useCallback(async () => {
    const before = current.current;
    if (before.phase !== "ready" || writes.current.open > 0) return;
    const asked = Math.min(MOST, Math.max(PAGE, before.rows.items.length));
    const made = writes.current.made;
    const page = await newest
      .run((signal) => get<ListPage>("issues", { query: listParams(before.state, before.me, null, asked), signal }))
      .catch(() => undefined); // the rows shown stay; the next refresh, or the reader's retry, says what is wrong
    if (page && writes.current.made === made && current.current.phase === "ready") {
      setRows((shown) => refreshed(shown, page, asked, current.current.held()));
      setProblem(null);
    }
  }, [newest]);
  useWhileVisible(refresh, isRelative(state));

  React.useEffect(() => {
    if (returned.current) void refresh();
    else void load();
    returned.current = false;
    return () => newest.cancel();
  }, [key, load, refresh, newest]);

  const more = React.useCallback(async () => {
    const { rows: shown, phase: now, state: asked, me: self } = current.current;
    if (now !== "ready" || shown.next === null) return;
    setPhase("more");
    current.current.phase = "more";
    try {
      const page = await newest.run((signal) => get<ListPage>("issues", { query: listParams(asked, self, shown.next, PAGE), signal }));
      if (page) setRows((before) => nextPage(before, page));
      else return;
    } catch (error) {
      setProblem(asProblem(error));
    }
    setPhase("ready");
  }, [newest]);

  const act = React.useCallback((ids: readonly string[], change: IssueChange, everything: boolean) => {
    const { rows: shown, state: asked, me: self } = current.current;
    const leave = leaves(readFilters(asked.page).tab, self);
    const before = statesOf(shown, ids);
    setRows((now) => changed(now, ids, change, leave));
    writes.current.open += 1;
    writes.current.made += 1;
    const body = everything ? { match: matchBody(asked, self), set: change } : { ids, set: change };
    const undo = async (answer: Answered): Promise<void> => {
      writes.current.made += 1;
      setRows((now) => restored(now, answer.before, leave));
      await post("issues/bulk", { restore: answer.before });
    };
    void write(() => post<Answered>("issues/bulk", body), { done: (answer) => `${said(change, answer.changed)}.`, undo }).then((answer) => {
      writes.current.open -= 1;
      if (!answer) setRows((now) => restored(now, before, leave));
    });
  }, []);

  return { rows, phase, problem, more: () => void more(), reload: () => void load(), act };
}

/** Calls now and then while the page can be seen, and when it comes into sight again. */
function useWhileVisible(refresh: () => Promise<void>, on: boolean): void {
  React.useEffect(() => {
    if (!on) return undefined;
    const tick = (): void => {
      if (document.visibilityState === "visible") void refresh();
    };
    const timer = window.setInterval(tick, REFRESH_MS);
    document.addEventListener("visibilitychange", tick);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [refresh, on]);
}

/** The ids of the rows, the same array as long as they are the same. */
export function useIds(items: readonly Issue[]): readonly string[] {
  const last = React.useRef<readonly string[]>([]);
  const ids = items.map(({ id }) => id);
  if (ids.length !== last.current.length || ids.some((id, i) => id !== last.current[i])) last.current = ids;
  return last.current;
}
