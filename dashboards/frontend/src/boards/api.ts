// The requests for dashboards.
import { get, patch, post, remove, request } from "../core/api.ts";
import type { Board, BoardFile, Dashboard, Starter, Summary } from "./model.ts";

export interface Draft {
  name: string;
  description: string;
  sharing: string;
  content: Board;
}

export const listBoards = (search: string, starred: boolean, cursor: string | null, signal?: AbortSignal) =>
  get<{ items: Summary[]; next: string | null }>("dashboards", {
    query: { ...(search ? { search } : {}), ...(starred ? { starred: "true" } : {}), ...(cursor ? { cursor } : {}) },
    signal: signal ?? null,
  });
export const readBoard = (id: number | string, signal?: AbortSignal) => get<Dashboard>(`dashboards/${encodeURIComponent(id)}`, { signal: signal ?? null });
export const makeBoard = (draft: Partial<Draft> & { name: string }) => post<Dashboard>("dashboards", draft);
export const saveBoard = (before: Pick<Dashboard, "id" | "newest">, draft: Partial<Draft>) => patch<Dashboard>(`dashboards/${before.id}`, draft, { ifMatch: `"${before.newest}"` });
export const deleteBoard = (id: number) => remove<null>(`dashboards/${id}`);
export const bringBack = (id: number) => post<Dashboard>(`dashboards/${id}/bring-back`, {});
export const starBoard = (id: number, starred: boolean) => request<null>(starred ? "PUT" : "DELETE", `dashboards/${id}/star`);
export const exportBoard = (id: number) => get<BoardFile>(`dashboards/${id}/export`);
export const importBoard = (file: unknown, name?: string) => post<Dashboard>("dashboards/import", { file, ...(name ? { name } : {}) });
export const readStarters = (signal?: AbortSignal) => get<{ items: Starter[] }>("dashboards/starters", { signal: signal ?? null });
export const versionsOf = (id: number) => get<{ items: Summary[] }>(`dashboards/${id}/versions`);
export const restoreVersion = (before: Pick<Dashboard, "id" | "newest">, version: number) =>
  post<Dashboard>(`dashboards/${before.id}/versions/${version}/restore`, {}, { ifMatch: `"${before.newest}"` });

/** Let the browser save a document as a file. */
export function download(name: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80) || "dashboard"}.json`;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const boardHref = (id: number): string => `/app/dashboards/${id}`;
