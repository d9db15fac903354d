// The parts of a text as the builder shows them, and the questions for completing one part. Pure.
import { toCharacters, toUnits } from "../core/codepoints.ts";
import type { CompletionItem, Completions } from "./model.ts";

export interface Stage {
  kind: string;
  text: string;
  aggregates?: string[];
  by?: string[];
  /** The step of a series; empty when it follows the range. */
  every?: string;
  sort?: string[];
}

export interface Outline {
  query: string;
  lets: string[];
  source: string;
  terms: string[];
  stages: Stage[];
}

export type PartKind = "term" | "aggregate" | "key" | "every" | "sort" | "stage";

/** What is to become of a part; an empty value takes it away. */
export interface PartChange {
  kind: PartKind;
  stage: number;
  place: number;
  value: string;
}

/** A row of the builder: the parts of one kind, and where a new one goes. */
export interface Line {
  kind: PartKind;
  label: string;
  stage: number;
  parts: readonly string[];
  /** What stands there instead of parts. */
  none: string;
}

const GROUPS = new Set(["summarize", "make-series"]);

/** The last stage that makes groups, as the API finds it. */
export function groupsOf(outline: Outline): { stage: number; groups: Stage | null } {
  const stage = outline.stages.findLastIndex(({ kind }) => GROUPS.has(kind));
  return { stage: Math.max(stage, 0), groups: outline.stages[stage] ?? null };
}

/** Rows of the builder in the order they are read. */
export function linesOf(outline: Outline): Line[] {
  const { stage, groups } = groupsOf(outline);
  const order = outline.stages.findLastIndex(({ kind }) => kind === "sort");
  const lines: Line[] = [
    { kind: "term", label: "Where", stage: 0, parts: outline.terms, none: "everything" },
    { kind: "aggregate", label: "Show", stage, parts: groups?.aggregates ?? [], none: "rows as they are" },
    { kind: "key", label: "By", stage, parts: groups?.by ?? [], none: groups ? "one group" : "no groups" },
  ];
  if (groups) lines.push({ kind: "every", label: "Over time", stage, parts: groups.every === undefined ? [] : [groups.every || "by the range"], none: "no" });
  lines.push({ kind: "sort", label: "Sort", stage: Math.max(order, 0), parts: outline.stages[order]?.sort ?? [], none: groups ? "as they come" : "newest first" });
  return lines;
}

/** Stages without a row of their own, with their places: they are shown as they are written. */
export function otherStages(outline: Outline): { stage: Stage; place: number }[] {
  const { stage: grouped, groups } = groupsOf(outline);
  const order = outline.stages.findLastIndex(({ kind }) => kind === "sort");
  return outline.stages.flatMap((stage, place) => ((groups && place === grouped) || place === order ? [] : [{ stage, place }]));
}

/** The key of an order with its way turned round. */
export function turned(key: string): string {
  return key.endsWith(" desc") ? key.slice(0, -" desc".length) : `${key} desc`;
}

/** The text before a part that is being written, so that the API's completion knows where it stands. */
export function contextOf(outline: Outline, kind: PartKind): string {
  const head = [outline.source || "from errors", ...(kind === "term" ? [] : outline.terms)].join(" ");
  const before = (end: number) => [head, ...outline.stages.slice(0, end).map(({ text }) => text)].join(" | ");
  const { stage, groups } = groupsOf(outline);
  const rows = groups ? before(stage) : head;
  switch (kind) {
    case "term":
      return `${head} `;
    case "aggregate":
      return `${rows} | summarize `;
    case "key":
      return `${rows} | summarize n=count() by `;
    case "sort":
      return `${groups ? before(stage + 1) : head} | sort `;
    case "every":
      return `${rows} | make-series n=count() every `;
    case "stage":
      return `${before(outline.stages.length)} | `;
  }
}

/** What is typed after an item was chosen; null when the item would change what stands before. */
export function completed(context: string, typed: string, answer: Completions, item: CompletionItem): string | null {
  const text = context + typed;
  const from = toUnits(text, answer.from) - context.length;
  const to = toUnits(text, answer.to) - context.length;
  return from < 0 ? null : typed.slice(0, from) + item.insert + typed.slice(to);
}

/** The question for what may follow. */
export function asked(context: string, typed: string): { query: string; cursor: number } {
  const query = context + typed;
  return { query, cursor: toCharacters(query, query.length) };
}
