// The requests for saved queries.
import { get, patch, post, remove, request } from "../core/api.ts";
import type { Draft, Page, SavedQuery, SentryText } from "./saved.ts";

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

export const importSentry = (source: string) => post<Page<SentryText>>("saved-queries/import", { source });
