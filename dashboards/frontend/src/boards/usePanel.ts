// The answer of one panel: asked when it is looked at, again when its question changes, let go when it leaves the page.
import * as React from "react";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import type { UrlState } from "../core/search.ts";
import type { Column, Meta, Row } from "../discover/model.ts";
import { askShared } from "./ask.ts";
import type { Panel } from "./model.ts";
import { scopeAt } from "./time.ts";
import type { Bound } from "./variables.ts";

export interface PanelAnswer {
  /** The text of a series; null when the rows have no time. */
  query?: string | null;
  columns: Column[];
  rows: Row[];
  meta: Meta | null;
}

export interface PanelState {
  phase: "waiting" | "loading" | "known" | "failed";
  /** The newest answer; while a newer one is on its way, the one before. */
  answer: PanelAnswer | null;
  problem: Problem | null;
  again: () => void;
}

/** Rows asked for by picture: a table shows some, a list and bars fewer. */
const LIMITS: Partial<Record<Panel["picture"], number>> = { number: 1, table: 200, top: 200, bar: 200 };

export interface Look {
  state: UrlState;
  /** The moment all panels look back from; it changes with every refresh. */
  now: number;
}

export function usePanel(panel: Panel, bound: Bound, look: Look, visible: boolean): PanelState {
  const [tries, setTries] = React.useState(0);
  const [known, setKnown] = React.useState<Omit<PanelState, "again" | "phase"> & { key: string }>({ key: "", answer: null, problem: null });
  const { text, picture } = panel;
  const scope = scopeAt(look.state, panel.range, look.now);
  const params = Object.keys(bound.params).length ? { params: bound.params } : {};
  const limit = LIMITS[picture];
  const body = { query: text, ...scope, ...params, ...(limit && picture !== "series" ? { limit } : {}) };
  const path = picture === "series" ? "query/series" : "query";
  const key = JSON.stringify([path, body, tries]);
  // Another text's answer is no stand-in for this one's.
  const question = JSON.stringify([path, text, bound.params]);
  const stands = React.useRef(question);
  const ready = visible && bound.lacking.length === 0 && text.trim() !== "";
  React.useEffect(() => {
    if (!ready) return undefined;
    if (stands.current !== question) {
      stands.current = question;
      setKnown({ key: "", answer: null, problem: null });
    }
    const controller = new AbortController();
    askShared<PanelAnswer>(path, body, controller.signal)
      .then((answer) => setKnown({ key, answer, problem: null }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setKnown({ key, answer: null, problem: asProblem(error) });
      });
    return () => controller.abort();
  }, [key, ready]);
  const phase = !ready ? "waiting" : known.problem && known.key === key ? "failed" : known.key === key ? "known" : "loading";
  return { phase, answer: known.answer, problem: phase === "failed" ? known.problem : null, again: () => setTries(tries + 1) };
}
