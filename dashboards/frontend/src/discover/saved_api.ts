// The requests for saved queries.
import { get, patch, post, remove, request } from "../core/api.ts";
import { type Draft, type Page, type SavedQuery, type SentryText, type Sharing, sharings } from "./saved.ts";

export const listSaved = (search: string, starred: boolean, cursor: string | null, signal?: AbortSignal) =>
  get<Page<SavedQuery>>("saved-queries", {
    query: { ...(search ? { search } : {}), ...(starred ? { starred: "true" } : {}), ...(cursor ? { cursor } : {}) },
    signal: signal ?? null,
  });

export const readSaved = (id: string, version: string, signal: AbortSignal) =>
  get<SavedQuery>(version ? `saved-queries/${id}/versions/${version}` : `saved-queries/${id}`, { signal });

export const versionsOf = (id: number) => get<Page<SavedQuery>>(`saved-queries/${id}/versions`);

export const saveNew = (draft: Draft) => post<SavedQuery>("saved-queries", draft);

export const saveVersion = (before: SavedQuery, draft: Draft) =>
  patch<SavedQuery>(`saved-queries/${before.id}`, draft, { ifMatch: `"${before.newest}"` });

export const restore = (shown: SavedQuery) =>
  post<SavedQuery>(`saved-queries/${shown.id}/versions/${shown.version}/restore`, {}, { ifMatch: `"${shown.newest}"` });

export const deleteSaved = (saved: SavedQuery) => remove<null>(`saved-queries/${saved.id}`);

export const star = (saved: SavedQuery, starred: boolean) =>
  request<null>(starred ? "PUT" : "DELETE", `saved-queries/${saved.id}/star`);

/** Where one may share a query that is shared so now. */
export async function sharingsFor(now: string, signal: AbortSignal): Promise<Sharing[]> {
  const [who, teams] = await Promise.all([
    get<Parameters<typeof sharings>[0]>("session", { signal }),
    // Who sees no team is refused; they have none to share with either.
    get<{ items: Parameters<typeof sharings>[1] }>("teams", { signal }).catch(() => ({ items: [] })),
  ]);
  return sharings(who, teams.items, now);
}

export const importSentry = (source: string) => post<Page<SentryText>>("saved-queries/import", { source });
