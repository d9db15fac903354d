// The loaded issues and what happens to them: pages, refreshes, optimistic changes and their undoing. Pure.

import { applied, type Issue, type IssueChange, type IssueState, type ListMeta, type ListPage, stateOf, withState } from "./model.ts";

/** Rows on the page. A row `gone` no longer matches; it stays, dimmed, while it is selected or was just changed here. */
export interface Rows {
  items: readonly Issue[];
  gone: ReadonlySet<string>;
  next: string | null;
  meta: ListMeta | null;
}

export const NO_ROWS: Rows = { items: [], gone: new Set(), next: null, meta: null };

/** The first page replaces everything. */
export function firstPage(page: ListPage): Rows {
  return { items: unique(page.items), gone: new Set(), next: page.next, meta: page.meta };
}

/** A further page comes below; rows that moved between two requests are not doubled. */
export function nextPage(rows: Rows, page: ListPage): Rows {
  return { ...rows, items: unique([...rows.items, ...page.items]), next: page.next, meta: rows.meta ?? page.meta };
}

/**
 * A refresh of the first `asked` rows. Rows held (selected, or under the cursor) that the answer lacks stay as gone;
 * rows beyond what was asked for stay as they are.
 */
export function refreshed(rows: Rows, page: ListPage, asked: number, held: ReadonlySet<string>): Rows {
  const fresh = unique(page.items);
  const known = new Set(fresh.map(({ id }) => id));
  const covered = page.next === null || rows.items.length <= asked;
  const rest = covered ? [] : rows.items.slice(asked).filter(({ id }) => !known.has(id));
  const items = [...fresh, ...rest];
  const gone = new Set<string>();
  rows.items.forEach((item, place) => {
    if (known.has(item.id) || !held.has(item.id) || rest.some(({ id }) => id === item.id)) return;
    gone.add(item.id);
    items.splice(Math.min(place, items.length), 0, item);
  });
  const meta = { ...page.meta, total: page.meta.total ?? rows.meta?.total ?? null };
  return { items, gone, next: covered ? page.next : rows.next, meta };
}

function unique(items: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return items.filter(({ id }) => !seen.has(id) && Boolean(seen.add(id)));
}

/** The rows as they will be when the change has been made; `leave` says whether a changed row still belongs to the tab. */
export function changed(rows: Rows, ids: readonly string[], change: IssueChange, leave: (issue: Issue) => boolean): Rows {
  const wanted = new Set(ids);
  const gone = new Set(rows.gone);
  const items = rows.items.map((issue) => {
    if (!wanted.has(issue.id)) return issue;
    const after = applied(issue, change);
    if (leave(after)) gone.add(issue.id);
    else gone.delete(issue.id);
    return after;
  });
  return { ...rows, items, gone };
}

/** The rows with earlier states put back (undo, or an action the server refused). */
export function restored(rows: Rows, states: readonly IssueState[], leave: (issue: Issue) => boolean): Rows {
  const earlier = new Map(states.map((state) => [state.id, state]));
  const gone = new Set(rows.gone);
  const items = rows.items.map((issue) => {
    const state = earlier.get(issue.id);
    if (!state) return issue;
    const after = withState(issue, state);
    if (leave(after)) gone.add(issue.id);
    else gone.delete(issue.id);
    return after;
  });
  return { ...rows, items, gone };
}

/** The states to go back to, of the rows named. */
export function statesOf(rows: Rows, ids: readonly string[]): IssueState[] {
  const wanted = new Set(ids);
  return rows.items
    .filter(({ id }) => wanted.has(id))
    .map(stateOf);
}

/** Whether an issue with this state is out of place under a tab. */
export function leaves(tab: string, me: string): (issue: Issue) => boolean {
  switch (tab) {
    case "unresolved":
      return (issue) => issue.status !== "unresolved";
    case "archived":
      return (issue) => issue.status !== "ignored";
    case "resolved":
      return (issue) => issue.status !== "resolved";
    case "mine":
      return (issue) => issue.assignee !== me || issue.status !== "unresolved";
    default:
      return () => false;
  }
}
