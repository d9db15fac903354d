// The query string of a page as data. The twin of dashboards/urls.py; pure, so that both can be tested alike.

export interface UrlState {
  /** Slugs; empty means all one may see. */
  projects: readonly string[];
  /** Names; empty means all. */
  environments: readonly string[];
  /** Relative range such as `24h`; empty when absolute or not given. */
  range: string;
  /** Absolute range, RFC 3339; empty when relative. */
  start: string;
  end: string;
  /** Parameters of the page itself, such as `q`. */
  page: Readonly<Record<string, string>>;
}

export const DEFAULT_RANGE = "24h";
const BAR = new Set(["project", "env", "range", "start", "end"]);

export const EMPTY: UrlState = { projects: [], environments: [], range: "", start: "", end: "", page: {} };

export function parseSearch(search: string): UrlState {
  const parameters = new URLSearchParams(search);
  const start = parameters.get("start") ?? "";
  const end = parameters.get("end") ?? "";
  const absolute = start !== "" && end !== "";
  const page: Record<string, string> = {};
  for (const [name, value] of parameters) if (!BAR.has(name)) page[name] = value;
  return {
    projects: parameters.getAll("project"),
    environments: parameters.getAll("env"),
    range: absolute ? "" : (parameters.get("range") ?? ""),
    start: absolute ? start : "",
    end: absolute ? end : "",
    page,
  };
}

export function formatSearch(state: UrlState): string {
  const pairs: [string, string][] = [];
  for (const slug of state.projects) pairs.push(["project", slug]);
  for (const name of state.environments) pairs.push(["env", name]);
  if (state.start && state.end) pairs.push(["start", state.start], ["end", state.end]);
  else if (state.range) pairs.push(["range", state.range]);
  for (const [name, value] of Object.entries(state.page)) if (!BAR.has(name)) pairs.push([name, value]);
  if (!pairs.length) return "";
  return `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&")}`;
}

/** The part that stays from page to page. */
export function barOf(state: UrlState): UrlState {
  return { ...state, page: {} };
}

/** Give a link the bar of the page one is on, unless it brings a bar of its own. */
export function withBar(href: string, bar: UrlState): string {
  const [path = "", search = ""] = href.split("#", 1)[0]!.split("?", 2);
  const hash = href.includes("#") ? href.slice(href.indexOf("#")) : "";
  const own = parseSearch(search);
  const named = own.projects.length || own.environments.length;
  const timed = own.range || own.start;
  const merged: UrlState = {
    projects: named ? own.projects : bar.projects,
    environments: named ? own.environments : bar.environments,
    range: timed ? own.range : bar.range,
    start: timed ? own.start : bar.start,
    end: timed ? own.end : bar.end,
    page: own.page,
  };
  return path + formatSearch(merged) + hash;
}

/** The parameters every reading route of the API takes, as `[name, value]` pairs. */
export function apiQuery(state: UrlState): [string, string][] {
  const pairs: [string, string][] = [];
  for (const slug of state.projects) pairs.push(["project", slug]);
  for (const name of state.environments) pairs.push(["environment", name]);
  if (state.start && state.end) pairs.push(["start", state.start], ["end", state.end]);
  else pairs.push(["range", state.range || DEFAULT_RANGE]);
  return pairs;
}

/** The same as members of a body: projects and environments as lists. */
export function apiBody(state: UrlState): Record<string, string | string[]> {
  const body: Record<string, string | string[]> = {};
  for (const [name, value] of apiQuery(state)) {
    if (name === "project" || name === "environment") body[name] = [...((body[name] as string[]) ?? []), value];
    else body[name] = value;
  }
  return body;
}
