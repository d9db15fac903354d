// Tabs, search text and sort of the issue list as URL state, and the request they make. Pure.

export type Sort = "last_seen" | "first_seen" | "events" | "users" | "priority";

export const SORTS: readonly { key: Sort; label: string }[] = [
  { key: "last_seen", label: "Last seen" },
  { key: "first_seen", label: "First seen" },
  { key: "events", label: "Events" },
  { key: "users", label: "Users" },
  { key: "priority", label: "Priority" },
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

/** Reads the page's own part of the URL; what is not known falls back to the default. */
export function readFilters(search: URLSearchParams): Filters {
  const sort = search.get("sort");
  return {
    tab: search.get("tab") ?? "unresolved",
    q: search.get("q") ?? "",
    sort: SORTS.find(({ key }) => key === sort)?.key ?? "last_seen",
  };
}

/** The parameters to put into the URL; defaults are left out (null removes). */
export function filterParams(filters: Filters): Record<string, string | null> {
  return {
    tab: filters.tab === "unresolved" ? null : filters.tab,
    q: filters.q === "" ? null : filters.q,
    sort: filters.sort === "last_seen" ? null : filters.sort,
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

const SCOPE = ["project", "env", "range", "start", "end"] as const;

/** Query parameters of GET /api/v1/issues for what the URL says. */
export function listParams(search: URLSearchParams, me: string, cursor: string | null, limit: number): URLSearchParams {
  const filters = readFilters(search);
  const params = scopeParams(search);
  params.set("query", searchText(filters, me));
  params.set("sort", filters.sort);
  params.set("limit", String(limit));
  if (cursor !== null) params.set("cursor", cursor);
  return params;
}

/** Project, environment and time range of the URL under the names the API has for them. */
export function scopeParams(search: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of SCOPE) {
    for (const value of search.getAll(name)) {
      if (value !== "") params.append(name === "env" ? "environment" : name, value);
    }
  }
  return params;
}

/** Whether the range moves with the clock, so that asking again makes sense. */
export function isRelative(search: URLSearchParams): boolean {
  return !search.get("start") && !search.get("end");
}

/** The filters in force, as the empty state says them. */
export function describeFilters(search: URLSearchParams, me: string): string[] {
  const filters = readFilters(search);
  const parts: string[] = [];
  const text = searchText(filters, me);
  if (text !== "") parts.push(text);
  const scope = scopeParams(search);
  const projects = scope.getAll("project");
  const environments = scope.getAll("environment");
  if (projects.length > 0) parts.push(projects.length === 1 ? `project ${projects[0]}` : `projects ${projects.join(", ")}`);
  if (environments.length > 0) parts.push(`environment ${environments.join(", ")}`);
  const start = scope.get("start");
  parts.push(start ? `${start} to ${scope.get("end") ?? "now"}` : `the last ${scope.get("range") ?? "24h"}`);
  return parts;
}
