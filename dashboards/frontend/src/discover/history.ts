// The queries one ran, newest first, kept in the browser; the arrow keys bring them back.

const STORAGE = "amber.queries";
const MOST = 50;

function read(): string[] {
  try {
    const parsed: unknown = JSON.parse(window.localStorage.getItem(STORAGE) ?? "[]");
    return Array.isArray(parsed) ? parsed.filter((entry): entry is string => typeof entry === "string") : [];
  } catch {
    return [];
  }
}

export function rememberQuery(text: string): void {
  const kept = [text, ...read().filter((known) => known !== text)].slice(0, MOST);
  window.localStorage.setItem(STORAGE, JSON.stringify(kept));
}

/** The queries one ran, newest first. */
export const earlierQueries = (): readonly string[] => read();

/** The query that was run before the one shown, or null. */
export function olderOf(text: string): string | null {
  const all = read();
  return all[all.indexOf(text) + 1] ?? null;
}

/** The query that was run after the one shown, or null. */
export function newerOf(text: string): string | null {
  const at = read().indexOf(text);
  return at > 0 ? (read()[at - 1] ?? null) : null;
}
