// Asking: the first rows and the chart at once, the facets after the rows, further rows when all that stands; progress
// when it takes long, cancel, and only the newest answer counts.
import { post, remove, get } from "../core/api.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { createStore } from "../core/store.ts";
import { heatmapStage } from "./language.ts";
import { type Answer, type Facet, type FacetsAnswer, FIRST_BLOCK, FIRST_ROWS, MORE_ROWS, type Progress, type SeriesAnswer } from "./model.ts";
import { type Lines, linesOf } from "./series.ts";

export interface Question {
  text: string;
  language: "discover" | "sql";
  /** Values of `$name`, each with its type. */
  params: Record<string, unknown>;
  /** Projects, environments and time, as members of a body. */
  scope: Record<string, string | string[]>;
  limit: number;
}

export type Part<Value> =
  | { state: "loading"; value: Value | null }
  | { state: "known"; value: Value }
  | { state: "failed"; value: null; problem: Problem };

export interface View {
  phase: "idle" | "running" | "done" | "failed" | "cancelled";
  question: Question | null;
  /** The newest rows; while a newer question runs, those of the one before. */
  answer: Answer | null;
  problem: Problem | null;
  progress: Progress | null;
  /** When the rows came, in milliseconds since 1970. */
  answeredAt: number;
  series: Part<{ query: string | null; lines: Lines }>;
  facets: Part<Facet[]>;
}

const PROGRESS_AFTER_MS = 400;
const PROGRESS_EVERY_MS = 500;

/** A query may end between two looks; that is no error (RFC 7240). */
const LENIENT = { Prefer: "handling=lenient" };

const NOTHING: View = {
  phase: "idle",
  question: null,
  answer: null,
  problem: null,
  progress: null,
  answeredAt: 0,
  series: { state: "loading", value: null },
  facets: { state: "loading", value: null },
};

export const view = createStore<View>(NOTHING);

interface Running {
  controller: AbortController;
  ids: string[];
}

let running: Running | null = null;

/** A name for a query, by which its progress is watched and it is cancelled. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function stop(): void {
  if (!running) return;
  running.controller.abort();
  // The server would otherwise work on for nobody.
  for (const id of running.ids) remove(`query/${id}`, { headers: LENIENT }).catch(() => undefined);
  running = null;
}

function change(mine: Running, part: Partial<View>): void {
  if (running === mine) view.set({ ...view.get(), ...part });
}

/** Ask a question; one that still runs is cancelled. */
export async function ask(question: Question): Promise<void> {
  stop();
  const mine: Running = { controller: new AbortController(), ids: [] };
  running = mine;
  const before = view.get();
  view.set({
    ...before,
    phase: "running",
    question,
    problem: null,
    progress: null,
    series: { state: "loading", value: before.series.value },
    facets: { state: "loading", value: before.facets.value },
  });
  const rows = askRows(mine, question);
  if (question.language === "sql") {
    // What SQL answers has no time and no fields that would be known.
    change(mine, {
      series: { state: "known", value: { query: null, lines: linesOf({ query: null, columns: [], rows: [] }) } },
      facets: { state: "known", value: [] },
    });
    await rows;
    if (running === mine) mine.ids = [];
    return;
  }
  const chart = askSeries(mine, question);
  const first = await rows;
  if (first) await askFacets(mine, question);
  await chart;
  if (first) await askRest(mine, question, first);
  if (running === mine) mine.ids = [];
}

function body(mine: Running, question: Question): { members: Record<string, unknown>; id: string } {
  const id = newId();
  mine.ids.push(id);
  const text = question.language === "sql" ? { sql: question.text } : { query: question.text, params: question.params };
  return { members: { ...text, ...question.scope, query_id: id }, id };
}

function done(mine: Running, id: string): void {
  mine.ids = mine.ids.filter((known) => known !== id);
}

async function askRows(mine: Running, question: Question): Promise<Answer | null> {
  const { members, id } = body(mine, question);
  const { signal } = mine.controller;
  watch(mine, id);
  try {
    const answer = await post<Answer>("query", { ...members, limit: firstLimit(question) }, { signal });
    done(mine, id);
    change(mine, { phase: "done", answer, progress: null, answeredAt: Date.now() });
    return running === mine ? answer : null;
  } catch (error) {
    done(mine, id);
    if (isAbort(error) || running !== mine) return null;
    const problem = asProblem(error);
    if (problem.code === "query-cancelled") {
      stop();
      view.set({ ...view.get(), phase: "cancelled", progress: null });
    } else {
      change(mine, { phase: "failed", problem, answer: null, progress: null });
    }
    return null;
  }
}

/** Nobody sees more at once; a limit of the reader's own is kept. A heatmap is one picture of all its cells. */
function firstLimit(question: Question): number {
  if (question.language === "discover" && heatmapStage(question.text)) return MORE_ROWS;
  return question.language === "sql" || question.limit !== FIRST_ROWS ? question.limit || FIRST_ROWS : FIRST_BLOCK;
}

/** The rows after the first ones: raw rows go on behind the last one, groups are asked for again. */
async function askRest(mine: Running, question: Question, first: Answer): Promise<void> {
  if (running !== mine || firstLimit(question) >= question.limit || !first.meta.truncated) return;
  const { members, id } = body(mine, question);
  const after = first.meta.next;
  const wanted = after ? { after, limit: FIRST_ROWS - FIRST_BLOCK } : { limit: FIRST_ROWS };
  try {
    const more = await post<Answer>("query", { ...members, ...wanted }, { signal: mine.controller.signal });
    const { truncated, next = null } = more.meta;
    const rows = after ? [...first.rows, ...more.rows] : more.rows;
    change(mine, { answer: { ...first, rows, meta: { ...first.meta, truncated, next }, completed: true } });
  } catch {
    // The first rows stand, and the line below them says that there are more.
  } finally {
    done(mine, id);
  }
}

async function askSeries(mine: Running, question: Question): Promise<void> {
  const { members, id } = body(mine, question);
  try {
    const answer = await post<SeriesAnswer>("query/series", members, { signal: mine.controller.signal });
    change(mine, { series: { state: "known", value: { query: answer.query, lines: linesOf(answer) } } });
  } catch (error) {
    if (!isAbort(error)) change(mine, { series: { state: "failed", value: null, problem: asProblem(error) } });
  } finally {
    done(mine, id);
  }
}

async function askFacets(mine: Running, question: Question): Promise<void> {
  const { members, id } = body(mine, question);
  try {
    const answer = await post<FacetsAnswer>("query/facets", members, { signal: mine.controller.signal });
    change(mine, { facets: { state: "known", value: answer.facets } });
  } catch (error) {
    if (!isAbort(error)) change(mine, { facets: { state: "failed", value: null, problem: asProblem(error) } });
  } finally {
    done(mine, id);
  }
}

/** Show how far a query is, when it takes longer than one notices. */
function watch(mine: Running, id: string): void {
  const look = async () => {
    if (running !== mine || !mine.ids.includes(id)) return;
    try {
      const progress = await get<Progress>(`query/${id}/progress`, { signal: mine.controller.signal, headers: LENIENT });
      if (progress.state !== "done" && mine.ids.includes(id)) change(mine, { progress });
    } catch {
      // It may be done in between, or not yet begun: the next look says more.
    }
    window.setTimeout(() => void look(), PROGRESS_EVERY_MS);
  };
  window.setTimeout(() => void look(), PROGRESS_AFTER_MS);
}

/** Cancel what runs; the rows shown before stay. */
export function cancel(): void {
  if (!running) return;
  stop();
  const { series, facets } = view.get();
  view.set({
    ...view.get(),
    phase: "cancelled",
    progress: null,
    series: series.value ? { state: "known", value: series.value } : series,
    facets: facets.value ? { state: "known", value: facets.value } : facets,
  });
}

/** Leave the page: nothing that runs is of use any more. */
export function leave(): void {
  const unfinished = view.get().phase === "running";
  stop();
  if (unfinished) view.set(NOTHING);
}
