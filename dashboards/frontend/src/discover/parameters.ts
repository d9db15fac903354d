// Parameters of a text, `$name`: which there are, and their values in the address. Pure.

export const TYPES = ["string", "number", "boolean", "time", "duration", "size", "strings", "numbers"] as const;
export type ParameterType = (typeof TYPES)[number];

export interface Declared {
  name: string;
  type: ParameterType;
  default: string | number | boolean | readonly (string | number)[] | null;
  description: string;
}

/** A value as it is typed, with its type: the address holds `var.name=type:value`. */
export interface Given {
  type: ParameterType;
  value: string;
}

export const PREFIX = "var.";

/** Signs of what a value may look like. */
export const EXAMPLES: Record<ParameterType, string> = {
  string: "text",
  number: "5, 0.5 or 2k",
  boolean: "true or false",
  time: "2026-03-01T10:00:00Z",
  duration: "500ms, 5m or 1d",
  size: "10kb or 1mib",
  strings: "error, fatal",
  numbers: "500, 503",
};

/** The names of a text's parameters, in order. Inside of texts in quotes `$` is a sign like others. */
export function parametersOf(text: string): string[] {
  const found = new Set<string>();
  const pattern = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\/(?:[^/]|\/(?!\/))*\/\/|\$([A-Za-z_]\w*)/gs;
  for (const match of text.matchAll(pattern)) if (match[1]) found.add(match[1]);
  return [...found];
}

function isType(text: string): text is ParameterType {
  return (TYPES as readonly string[]).includes(text);
}

/** The values that stand in the parameters of a page. */
export function givenOf(page: Readonly<Record<string, string>>): Record<string, Given> {
  const given: Record<string, Given> = {};
  for (const [key, written] of Object.entries(page)) {
    if (!key.startsWith(PREFIX)) continue;
    const at = written.indexOf(":");
    const type = written.slice(0, at);
    given[key.slice(PREFIX.length)] = isType(type) ? { type, value: written.slice(at + 1) } : { type: "string", value: written };
  }
  return given;
}

/** What changes in the parameters of a page so that these are the values; others of before go. */
export function pageOf(given: Record<string, Given>, before: Readonly<Record<string, string>>): Record<string, string> {
  const change: Record<string, string> = {};
  for (const key of Object.keys(before)) if (key.startsWith(PREFIX)) change[key] = "";
  for (const [name, { type, value }] of Object.entries(given)) change[PREFIX + name] = `${type}:${value}`;
  return change;
}

/** The values of declared parameters before anybody has given others: the defaults there are. */
export function defaultsOf(declared: readonly Declared[]): Record<string, Given> {
  const given: Record<string, Given> = {};
  for (const { name, type, default: value } of declared) if (value !== null) given[name] = { type, value: String(value) };
  return given;
}

/** The names of a text that have no value yet. An empty text is a value. */
export function missing(names: readonly string[], given: Readonly<Record<string, Given>>): string[] {
  return names.filter((name) => !given[name] || (given[name].value === "" && given[name].type !== "string"));
}

/** A value as a question takes it: lists are typed with commas, or as JSON where their values hold commas. */
export interface Sent {
  type: ParameterType;
  value: string | readonly string[];
}

const LISTS = new Set<ParameterType>(["strings", "numbers"]);

/** A list as it stands in the address: with commas where that can be read back, else as JSON. */
export function listText(values: readonly string[]): string {
  const plain = values.every((value) => value !== "" && !/[,"[\]]|^\s|\s$/.test(value));
  return plain ? values.join(",") : JSON.stringify(values);
}

function sent({ type, value }: Given): Sent {
  if (!LISTS.has(type) || !value.trimStart().startsWith("[")) return { type, value };
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed)) return { type, value: parsed.map(String) };
  } catch {
    // No JSON: one of the values begins with a bracket.
  }
  return { type, value };
}

/** The member `params` of a question. */
export function paramsBody(names: readonly string[], given: Readonly<Record<string, Given>>): Record<string, Sent> {
  return Object.fromEntries(names.flatMap((name) => (given[name] ? [[name, sent(given[name])]] : [])));
}
