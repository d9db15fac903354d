// Documents of dashboards, and what a new one begins with. Pure; the twin of server/boards/document.py.
import type { Given, ParameterType } from "../discover/parameters.ts";

export const COLUMNS = 12;
export const LEAST = { w: 2, h: 2 } as const;
export const MOST = { panels: 60, variables: 20, h: 40 } as const;

export const PICTURES = [
  { key: "series", label: "Series", hint: "Lines over time, of any query whose rows have a time." },
  { key: "number", label: "Big number", hint: "The first number; `| compare to previous` puts the period before beside it." },
  { key: "top", label: "Top list", hint: "Names with their first number, the rows as they come." },
  { key: "bar", label: "Bars", hint: "Bars side by side, the rows as they come." },
  { key: "table", label: "Table", hint: "Rows and columns of any answer." },
  { key: "heatmap", label: "Heatmap", hint: "The answer of the stage `heatmap FIELD`." },
] as const;
export type Picture = (typeof PICTURES)[number]["key"];

export interface PanelParameter {
  name: string;
  type: ParameterType;
  value: string | string[];
}

export interface Panel {
  id: string;
  title: string;
  description: string;
  picture: Picture;
  text: string;
  parameters: PanelParameter[];
  range: string | null;
  x: number;
  y: number;
  w: number;
  h: number;
}

export type Values = { kind: "list"; values: string[] } | { kind: "field"; dataset: string; field: string } | null;

export interface Variable {
  name: string;
  label: string;
  type: ParameterType;
  values: Values;
  default: string | string[] | null;
}

export interface Board {
  range: string | null;
  refresh_s: number;
  variables: Variable[];
  panels: Panel[];
}

export interface Kept {
  id: number;
  name: string;
  description: string;
  sharing: string;
  owner: string;
  own: boolean;
  may_change: boolean;
  starred: boolean;
  version: number;
  newest: number;
  author: string;
  created_at: string;
  changed_at: string;
}

export interface Summary extends Kept {
  panels: number;
}

export interface Dashboard extends Kept {
  content: Board;
}

export interface BoardFile extends Board {
  format: "amber-dashboard";
  version: number;
  name: string;
  description: string;
}

export interface Starter {
  key: string;
  file: BoardFile;
}

export const EMPTY_BOARD: Board = { range: null, refresh_s: 0, variables: [], panels: [] };

/** A name no panel has yet. */
export function freshId(panels: readonly Pick<Panel, "id">[], stem = "panel"): string {
  const taken = new Set(panels.map(({ id }) => id));
  for (let number = panels.length + 1; ; number++) if (!taken.has(`${stem}-${number}`)) return `${stem}-${number}`;
}

const SIZES: Record<Picture, [number, number]> = { series: [6, 6], number: [3, 3], top: [4, 6], bar: [6, 6], table: [6, 7], heatmap: [6, 6] };

/** A panel below all others, of a size that suits its picture. */
export function newPanel(panels: readonly Panel[], picture: Picture, text: string, title = ""): Panel {
  const [w, h] = SIZES[picture];
  const y = panels.reduce((most, one) => Math.max(most, one.y + one.h), 0);
  return { id: freshId(panels), title, description: "", picture, text, parameters: [], range: null, x: 0, y, w, h };
}

/** The picture that suits a text: what its last stage makes. */
export function pictureOf(text: string): Picture {
  const stages = text.split("|").map((stage) => stage.trim());
  const has = (word: string) => stages.some((stage) => stage === word || stage.startsWith(`${word} `));
  if (has("heatmap")) return "heatmap";
  if (has("make-series")) return "series";
  const grouping = stages.find((stage) => stage.startsWith("summarize "));
  if (!grouping) return "table";
  if (!/\sby\s/.test(grouping)) return "number";
  return grouping.split(/\sby\s/)[0]!.includes(",") ? "table" : "top";
}

/** The parameters of a question as a panel keeps them. */
export function parametersFrom(given: Readonly<Record<string, Given>>, names: readonly string[]): PanelParameter[] {
  return names.flatMap((name) => (given[name] ? [{ name, type: given[name].type, value: given[name].value }] : []));
}
