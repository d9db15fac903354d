// Saved views: the state of a page with a name. Pure.
import { formatSearch, parseSearch, type UrlState } from "../core/search.ts";
import type { Kept } from "../boards/model.ts";

export type ViewPage = "discover" | "issues" | "transactions" | "traces" | "replays";

export interface View extends Kept {
  page: ViewPage;
  search: string;
  default: "mine" | "everybody" | "";
}

export interface Listing {
  items: View[];
  opens: number | null;
}

/** The parameter of the address that says which view is open. */
export const OPEN = "view";

/** The state of a page as a view keeps it: everything but which view it is. */
export function searchOf(state: UrlState): string {
  const { [OPEN]: _, ...page } = state.page;
  return formatSearch({ ...state, page }).slice(1);
}

/** The state that shows a view; projects and time that it does not name stay. */
export function stateOf(view: Pick<View, "id" | "search">, now: UrlState): UrlState {
  const own = parseSearch(view.search);
  const timed = own.range !== "" || own.start !== "";
  const placed = own.projects.length > 0 || own.environments.length > 0;
  return {
    projects: placed ? own.projects : now.projects,
    environments: placed ? own.environments : now.environments,
    range: timed ? own.range : now.range,
    start: timed ? own.start : now.start,
    end: timed ? own.end : now.end,
    page: { ...own.page, [OPEN]: String(view.id) },
  };
}

/** Whether the page still shows what the view holds. */
export function unchanged(view: View, now: UrlState): boolean {
  return canonical(searchOf(stateOf(view, now))) === canonical(searchOf(now));
}

function canonical(search: string): string {
  return [...new URLSearchParams(search)].map((pair) => JSON.stringify(pair)).sort().join();
}

/** Whether an address says nothing of its page: then the page may begin with a view. */
export function isPlain(state: UrlState): boolean {
  return Object.keys(state.page).length === 0;
}

/** Starred ones first, then by name. */
export function ordered(views: readonly View[]): View[] {
  return [...views].sort((a, b) => Number(b.starred) - Number(a.starred) || a.name.localeCompare(b.name) || a.id - b.id);
}
