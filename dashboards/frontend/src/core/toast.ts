// Short messages at the edge of the page, and the live region that reads things out.
import { createStore } from "./store.ts";
import type { Problem } from "./problem.ts";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "error";
  /** What to do about it. */
  hint: string;
  /** Code to quote, and the request's id. */
  code: string;
  undo: (() => void) | null;
}

const PLAIN_MS = 5000;
const UNDO_MS = 10_000;

export const toasts = createStore<readonly Toast[]>([]);
export const spoken = createStore("");
let last = 0;

/** Show a message; one with `undo` stays 10 seconds, an error until it is closed. */
export function toast(
  text: string,
  options: { tone?: Toast["tone"]; hint?: string; code?: string; undo?: () => void } = {},
): void {
  const shown: Toast = {
    id: ++last,
    text,
    tone: options.tone ?? "plain",
    hint: options.hint ?? "",
    code: options.code ?? "",
    undo: options.undo ?? null,
  };
  toasts.set([...toasts.get().slice(-3), shown]);
  if (shown.tone !== "error") window.setTimeout(() => dismiss(shown.id), shown.undo ? UNDO_MS : PLAIN_MS);
}

export function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** Show what the API refused. */
export function announceProblem(problem: Problem): void {
  if (problem.status === 401) return; // the shell asks to sign in
  const code = problem.requestId ? `${problem.code} · ${problem.requestId}` : problem.code;
  toast(problem.message, { tone: "error", hint: problem.hint, code });
}

/** Undo the newest toast that can be undone; returns whether there was one. */
export function undoNewest(): boolean {
  const found = toasts.get().findLast((toast) => toast.undo);
  if (!found) return false;
  dismiss(found.id);
  found.undo?.();
  return true;
}

/** Have a screen reader say something, such as "120 rows". */
export function say(text: string): void {
  spoken.set("");
  window.setTimeout(() => spoken.set(text), 50);
}
