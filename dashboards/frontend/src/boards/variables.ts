// Variables of a dashboard: what is chosen stands in the address, and reaches queries as typed parameters. Pure.
import { parametersOf, type ParameterType } from "../discover/parameters.ts";
import type { Panel, Variable } from "./model.ts";

const PREFIX = "var.";
const LISTS = new Set<ParameterType>(["strings", "numbers"]);

export type Chosen = Readonly<Record<string, string | readonly string[]>>;
/** Values a variable may take, by name; one whose values are still on their way is missing. */
export type Known = Readonly<Record<string, readonly string[]>>;

export const isList = (variable: Pick<Variable, "type">): boolean => LISTS.has(variable.type);

/** What the address says of the variables there are. */
export function chosenOf(page: Readonly<Record<string, string>>, variables: readonly Variable[]): Chosen {
  const chosen: Record<string, string | readonly string[]> = {};
  for (const variable of variables) {
    const written = page[PREFIX + variable.name];
    if (written === undefined) continue;
    chosen[variable.name] = isList(variable) ? readList(written) : written;
  }
  return chosen;
}

function readList(written: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(written);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Written by hand, with commas.
  }
  return written.split(",").map((part) => part.trim()).filter(Boolean);
}

/** What changes in the address when a value is chosen; null goes back to the default. */
export function pageOfChoice(name: string, value: string | readonly string[] | null): Record<string, string> {
  return { [PREFIX + name]: value === null ? "" : typeof value === "string" ? value : JSON.stringify(value) };
}

/** The value a variable has: chosen, else the default, else all values of a list, else the first there is. */
export function valueOf(variable: Variable, chosen: Chosen, known: Known): string | readonly string[] | null {
  const own = chosen[variable.name];
  if (own !== undefined && (typeof own === "string" || own.length > 0)) return own;
  if (variable.default !== null && variable.default.length > 0) return variable.default;
  const values = known[variable.name];
  if (variable.values === null) return variable.type === "string" && variable.default === "" ? "" : null;
  if (!values) return null;
  if (isList(variable)) return values;
  return values[0] ?? null;
}

export interface Bound {
  /** The member `params` of the question. */
  params: Record<string, { type: ParameterType; value: string | readonly string[] }>;
  /** Names that have no value: nobody has chosen one, or its values are on their way. */
  lacking: string[];
}

/** The values of a panel's parameters: its own before those of variables. */
export function boundOf(panel: Pick<Panel, "text" | "parameters">, variables: readonly Variable[], chosen: Chosen, known: Known): Bound {
  const bound: Bound = { params: {}, lacking: [] };
  const own = new Map(panel.parameters.map((one) => [one.name, one]));
  for (const name of parametersOf(panel.text)) {
    const mine = own.get(name);
    const variable = variables.find((one) => one.name === name);
    if (mine) bound.params[name] = { type: mine.type, value: mine.value };
    else if (variable) {
      const value = valueOf(variable, chosen, known);
      if (value === null) bound.lacking.push(name);
      else bound.params[name] = { type: variable.type, value };
    } else bound.lacking.push(name);
  }
  return bound;
}
