// The documents of the query routes. Pure.

export interface Column {
  name: string;
  /** `string`, `integer`, `number`, `boolean`, `time`, `duration`, `size`, `ratio`, `array`, `map`, `null`. */
  type: string;
  /** What a number counts: `ns`, `ms`, `byte`. */
  unit: string;
}

export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Row = Value[];

export interface Meta {
  query_id: string;
  sql: string[];
  english: string;
  start: string;
  end: string;
  truncated: boolean;
  /** Where the next page of raw rows begins. */
  next?: string | null;
  sample_rate: number;
  rows_read: number;
  bytes_read: number;
  elapsed_ms: number;
  plan_ms: number;
  warnings: string[];
}

export interface Answer {
  columns: Column[];
  rows: Row[];
  meta: Meta;
  /** Whether the rows that follow the first ones by themselves are among them. */
  completed?: boolean;
}

export interface SeriesAnswer {
  /** The text that made the lines; null when the answer has no time. */
  query: string | null;
  columns: Column[];
  rows: Row[];
  meta: Meta | null;
}

export interface FacetValue {
  value: Value;
  count: number;
}

export interface Facet {
  field: string;
  type: string;
  /** Rows that have the field. */
  total: number;
  /** How many different values there are, also those not listed. */
  distinct: number;
  /** From when on the values were counted, where counting all of them would take too long; null means all. */
  since?: string | null;
  values: FacetValue[];
}

export interface FacetsAnswer {
  query: string | null;
  facets: Facet[];
  meta: Meta | null;
}

export interface Progress {
  state: "queued" | "running" | "done";
  rows_read: number;
  bytes_read: number;
  total_rows: number | null;
  elapsed_ms: number;
}

export interface CompletionItem {
  label: string;
  insert: string;
  kind: "field" | "function" | "stage" | "dataset" | "operator" | "keyword" | "value";
  detail: string;
  type: string;
}

export interface Completions {
  from: number;
  to: number;
  items: CompletionItem[];
}

/** A change of the text by pointing at the answer; see queries/edit.py. */
export type Change =
  | { op: "filter"; field: string; value: Value }
  | { op: "exclude"; field: string; value: Value }
  | { op: "group_by"; field: string }
  | { op: "sort"; field: string; desc: boolean };

/** Rows asked for at first, those that follow by themselves when everything else stands, and when one wants more. */
export const FIRST_BLOCK = 200;
export const FIRST_ROWS = 1000;
export const MORE_ROWS = 10_000;

/** The text of the page without one. */
export const DEFAULT_TEXT = "from errors";
