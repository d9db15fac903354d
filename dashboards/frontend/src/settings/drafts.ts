// What was typed and not sent survives a page that is rendered anew: Dash makes its components anew then.
import type { Problem } from "../core/problem.ts";
import type { Values } from "./form_model.ts";

export interface Draft {
  values: Values;
  problem: Problem | null;
}

const drafts = new Map<string, Draft>();
const alive = new Map<string, number>();

export const draftOf = (form: string): Draft | undefined => drafts.get(form);

/** Keep what a form holds; null when there is nothing to keep. */
export function keepDraft(form: string, draft: Draft | null): void {
  if (draft) drafts.set(form, draft);
  else drafts.delete(form);
}

/** A form is on the page; the function returned says that it left. Without a successor its draft goes. */
export function enter(form: string): () => void {
  alive.set(form, (alive.get(form) ?? 0) + 1);
  return () => {
    alive.set(form, (alive.get(form) ?? 1) - 1);
    setTimeout(() => {
      if (alive.get(form)) return;
      alive.delete(form);
      drafts.delete(form);
    });
  };
}
