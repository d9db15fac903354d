// Tabs, search text and sort of the issue list as URL state, and the request they make. Pure.
import { apiQuery, DEFAULT_RANGE, type UrlState } from "../core/search.ts";

export type Sort = "last_seen" | "first_seen" | "events" | "users" | "priority" | "trend";

export const SORTS: readonly { key: Sort; label: string }[] = [
  { key: "last_seen", label: "Last seen" },
  { key: "first_seen", label: "First seen" },
  { key: "events", label: "Events" },
  { key: "users", label: "Users" },
  { key: "priority", label: "Priority" },
  { key: "trend", label: "Rising" },
];

export interface Tab {
  key: string;
  label: string;
  /** The search terms the tab stands for. */
  terms: string;
}

/** The tabs; "mine" names the assignee and so needs to know who is signed in. */
export function tabs(me: string): Tab[] {
  const fixed = [
    { key: "unresolved", label: "Unresolved", terms: "is:unresolved" },
    { key: "review", label: "For review", terms: "is:for_review" },
    { key: "archived", label: "Archived", terms: "is:ignored" },
    { key: "resolved", label: "Resolved", terms: "is:resolved" },
    { key: "all", label: "All", terms: "" },
  ];
  if (!me.startsWith("user:")) return fixed;
  return [...fixed, { key: "mine", label: "Assigned to me", terms: `is:unresolved assigned:${quoted(me)}` }];
}

/** A value as a search takes it: quoted when it holds anything a bare word may not. */
export function quoted(value: string): string {
  if (/^[\p{L}\p{N}_./@:-]+$/u.test(value)) return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

export interface Filters {
  tab: string;
  q: string;
  sort: Sort;
}

/** Reads the page's own parameters; what is not known falls back to the default. */
export function readFilters(page: Readonly<Record<string, string>>): Filters {
  return {
    tab: page.tab ?? "unresolved",
    q: page.q ?? "",
    sort: SORTS.find(({ key }) => key === page.sort)?.key ?? "last_seen",
  };
}

/** The parameters to put into the address; defaults are left out (an empty text removes one). */
export function filterParams(filters: Filters): Record<string, string> {
  return {
    tab: filters.tab === "unresolved" ? "" : filters.tab,
    q: filters.q,
    sort: filters.sort === "last_seen" ? "" : filters.sort,
  };
}

const SAYS_STATUS = /(?:^|[\s(!])(?:is:(?:unresolved|resolved|ignored|archived)|status:)/iu;

/** Whether the text itself says which status it wants; then the tab adds none. */
export function saysStatus(q: string): boolean {
  return SAYS_STATUS.test(q);
}

/** The Discover search asked: the tab's terms and the typed ones. An OR in the text is kept together by parentheses. */
export function searchText(filters: Filters, me: string): string {
  const q = filters.q.trim();
  const tab = tabs(me).find(({ key }) => key === filters.tab);
  const terms = tab?.terms ?? "is:unresolved";
  const own = saysStatus(q) ? terms.replace(/is:\w+\s*/u, "") : terms;
  const kept = own !== "" && /(?:^|\s)or(?:\s|$)/iu.test(q) ? `(${q})` : q;
  return [own.trim(), kept].filter((part) => part !== "").join(" ");
}

/** Query parameters of GET /api/v1/issues for what the address says. */
export function listParams(state: UrlState, me: string, cursor: string | null, limit: number): [string, string][] {
  const filters = readFilters(state.page);
  const pairs = apiQuery(state);
  pairs.push(["query", searchText(filters, me)], ["sort", filters.sort], ["limit", String(limit)]);
  if (cursor !== null) pairs.push(["cursor", cursor]);
  return pairs;
}

/** Everything that matches, as POST /api/v1/issues/bulk takes it. */
export function matchBody(state: UrlState, me: string): Record<string, string | string[]> {
  const body: Record<string, string | string[]> = { query: searchText(readFilters(state.page), me) };
  for (const [name, value] of apiQuery(state)) {
    if (name === "project" || name === "environment") body[name] = [...((body[name] as string[] | undefined) ?? []), value];
    else body[name] = value;
  }
  return body;
}

/** Whether the range moves with the clock, so that asking again makes sense. */
export function isRelative(state: UrlState): boolean {
  return state.start === "" || state.end === "";
}

/** The filters in force, as the empty state says them. */
export function describeFilters(state: UrlState, me: string): string[] {
  const parts: string[] = [];
  const text = searchText(readFilters(state.page), me);
  if (text !== "") parts.push(text);
  if (state.projects.length > 0) parts.push(`${state.projects.length === 1 ? "project" : "projects"} ${state.projects.join(", ")}`);
  if (state.environments.length > 0) parts.push(`environment ${state.environments.join(", ")}`);
  parts.push(isRelative(state) ? `the last ${state.range || DEFAULT_RANGE}` : `${state.start} to ${state.end}`);
  return parts;
}
