// Saved queries: their documents, and how one is shown by the address. Pure.
import { type Declared, defaultsOf, pageOf } from "./parameters.ts";

export type Language = "discover" | "sql";

export interface SavedQuery {
  id: number;
  name: string;
  description: string;
  kind: "query" | "filter";
  language: Language;
  text: string;
  parameters: Declared[];
  sharing: "private" | "organisation";
  owner: string;
  own: boolean;
  may_change: boolean;
  starred: boolean;
  version: number;
  newest: number;
  author: string;
  changed_at: string;
}

/** What the dialog saves. */
export type Draft = Pick<SavedQuery, "name" | "description" | "kind" | "language" | "text" | "parameters" | "sharing">;

export interface SentryText {
  name: string;
  text: string;
  chart: string;
  warnings: string[];
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

/** The parameters of the page that shows a saved query. */
export function pageOfSaved(saved: SavedQuery, before: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...pageOf(defaultsOf(saved.parameters), before),
    q: saved.text,
    rows: "",
    lang: saved.language === "sql" ? "sql" : "",
    saved: String(saved.id),
    version: saved.version === saved.newest ? "" : String(saved.version),
  };
}

/** Whether a pasted text is one address of a page of Sentry with a query in it. The API decides; this spares asking. */
export function looksLikeSentry(text: string): boolean {
  return text.length < 20_000 && /^\s*https?:\/\/[^\s]+\/(?:discover\/(?:results|homepage)|(?:explore\/)?traces|issues)\/?\?[^\r\n]+\s*$/.test(text);
}
