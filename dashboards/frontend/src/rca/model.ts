// A root-cause analysis as the API tells it (`/api/v1/rca`), and how it is said. Pure.

export interface Question {
  title: string;
  query: string;
  start: string;
  end: string;
}

export interface Change {
  id: string;
  kind: string;
  at: string | null;
  node: string;
  title: string;
  link: string;
  author: string;
  key: string | null;
}

export interface ChainLink {
  cause: string;
  effect: string;
  text: string;
  keys: string[];
  at: string | null;
}

export interface Evidence {
  key: string | null;
  kind: string;
  text: string;
  weight: number | null;
}

export interface Hypothesis {
  kind: string;
  node: string;
  title: string;
  confidence: number | null;
  change: Change | null;
  chain: ChainLink[];
  evidence: Evidence[];
  commits: { sha: string; why: string; title: string; author: string }[];
}

export interface Chart {
  key: string;
  title: string;
  node: string;
  signal: string;
  unit: string;
  start: string;
  step_s: number;
  values: (number | null)[];
  window: { start: string; end: string };
  onset: string | null;
}

export interface Analysis {
  subject: { kind: string; title: string; node: string; signal: string };
  window: { start: string; end: string };
  baseline: { start: string; end: string };
  verdict: "cause" | "nothing" | "not-enough-data";
  why: string;
  onset: { at: string; earliest: string; latest: string } | null;
  blast_radius: { nodes: { node: string; keys: string[] }[]; differences: { field: string; value: string; bad_share: number | null; good_share: number | null; key: string | null }[]; share: number | null };
  hypotheses: Hypothesis[];
  ruled_out: { what: string; why: string; key: string | null }[];
  charts: Chart[];
  evidence: Record<string, Question>;
  looked_at: { series: number; services: number; changes: number; rows_read: number };
  notes: string[];
  elapsed_ms: number;
}

/** What an analysis is asked about: exactly one of the three. */
export interface Subject {
  issue?: string;
  query?: string;
  transaction?: string;
  service?: string;
  start?: string;
  end?: string;
  range?: string;
  project?: string[];
  environment?: string[];
}

/** How sure it is, in a word beside the number. */
export function sureness(confidence: number | null): string {
  if (confidence === null) return "unknown";
  return confidence >= 0.8 ? "very likely" : confidence >= 0.5 ? "likely" : confidence >= 0.2 ? "possible" : "unlikely";
}

/** The steps of a chain as boxes: the cause first, then what each made happen. */
export function stepsOf(chain: readonly ChainLink[], node: string): { name: string; text: string; keys: readonly string[] }[] {
  if (chain.length === 0) return node ? [{ name: node, text: "", keys: [] }] : [];
  return [{ name: chain[0]!.cause, text: "", keys: [] }, ...chain.map(({ effect, text, keys }) => ({ name: effect, text, keys }))];
}

/** The address of Discover with the question behind a piece of evidence, over its own time; empty when none is known. */
export function questionHref(analysis: Pick<Analysis, "evidence">, key: string | null | undefined): string {
  const question = key ? analysis.evidence[key] : undefined;
  if (!question) return "";
  const bar = `start=${encodeURIComponent(question.start)}&end=${encodeURIComponent(question.end)}`;
  return `/app/discover?${bar}&q=${encodeURIComponent(question.query)}`;
}

/** A link of a change, only where it leads to a web page. */
export const safeLink = (link: string): string => (/^https?:\/\//i.test(link) ? link : "");

export interface Line {
  /** Path of the line in a box of the given size, with gaps where nothing is known. */
  path: string;
  /** Where it was bad, and where it began, as shares of the width. */
  bad: readonly [number, number];
  onset: number | null;
  most: number;
}

/** A series as a line. */
export function lineOf(chart: Chart, width: number, height: number): Line {
  const begin = Date.parse(chart.start);
  const whole = Math.max(1, chart.values.length * chart.step_s * 1000);
  const share = (time: string): number => Math.min(1, Math.max(0, (Date.parse(time) - begin) / whole));
  const known = chart.values.filter((value): value is number => value !== null && Number.isFinite(value));
  const most = known.reduce((a, b) => Math.max(a, b), 0);
  const least = known.reduce((a, b) => Math.min(a, b), 0);
  const room = most - least || 1;
  const step = width / Math.max(1, chart.values.length - 1);
  let path = "";
  let pen = false;
  chart.values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) pen = false;
    else {
      path += `${pen ? "L" : "M"}${(i * step).toFixed(1)} ${(height - ((value - least) / room) * (height - 2) - 1).toFixed(1)}`;
      pen = true;
    }
  });
  return { path, bad: [share(chart.window.start), share(chart.window.end)], onset: chart.onset ? share(chart.onset) : null, most };
}
