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
  /** `private`, `organisation`, or `team:` and its short name. */
  sharing: string;
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

/** A place a query can be shared with: what is sent, and what one reads. */
export interface Sharing {
  value: string;
  label: string;
}

interface Roles {
  roles: readonly { role: string; kind: string; id: number }[];
}

/** Where somebody with these roles may share: the teams they are more than viewers in come between nobody and everybody.
 *
 * What the query has now is among them, so that saving it anew changes nothing.
 */
export function sharings(who: Roles, teams: readonly { id: number; slug: string; name: string }[], now: string): Sharing[] {
  const own = new Set(who.roles.filter(({ kind, role }) => kind === "team" && role !== "viewer").map(({ id }) => id));
  const found = [
    { value: "private", label: "Only me" },
    ...teams.filter(({ id }) => own.has(id)).map(({ slug, name }) => ({ value: `team:${slug}`, label: `The team ${name || slug}` })),
    { value: "organisation", label: "Everybody in the organisation" },
  ];
  return found.some(({ value }) => value === now) ? found : [...found, { value: now, label: sharedWith(now) }];
}

/** With whom a query is shared, in a word or two; empty for nobody. */
export function sharedWith(sharing: string): string {
  if (sharing === "private") return "";
  return sharing.startsWith("team:") ? `team ${sharing.slice(5)}` : "shared";
}

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
