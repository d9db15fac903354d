// Breadcrumbs: what to show of them and how far before the event each was. Pure.

export interface Crumb {
  timestamp: string | null;
  type: string;
  category: string;
  level: string;
  message: string;
  data: Record<string, unknown> | null;
}

export interface CrumbFilter {
  text: string;
  /** Kinds to show; empty shows all. */
  kinds: ReadonlySet<string>;
  level: string;
}

export const EVERY_CRUMB: CrumbFilter = { text: "", kinds: new Set(), level: "" };

/** The kind a crumb is filtered by: its type unless that says nothing, else the first word of its category. */
export function kindOf(crumb: Crumb): string {
  if (crumb.type !== "" && crumb.type !== "default") return crumb.type;
  return crumb.category.split(".")[0] || "default";
}

/** Kinds with their counts, the most frequent first. */
export function kinds(crumbs: readonly Crumb[]): { kind: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const crumb of crumbs) counts.set(kindOf(crumb), (counts.get(kindOf(crumb)) ?? 0) + 1);
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
}

/** Levels that occur. */
export function levels(crumbs: readonly Crumb[]): string[] {
  return [...new Set(crumbs.map(({ level }) => level).filter((level) => level !== ""))];
}

/** Crumbs that pass the filter, newest first, with their place in the original order. */
export function filtered(crumbs: readonly Crumb[], filter: CrumbFilter): { crumb: Crumb; index: number }[] {
  const text = filter.text.trim().toLowerCase();
  return crumbs
    .map((crumb, index) => ({ crumb, index }))
    .filter(({ crumb }) => (filter.kinds.size === 0 || filter.kinds.has(kindOf(crumb))) && (filter.level === "" || crumb.level === filter.level))
    .filter(({ crumb }) => text === "" || crumbText(crumb).toLowerCase().includes(text))
    .reverse();
}

function crumbText(crumb: Crumb): string {
  return `${crumb.category} ${crumb.message} ${crumb.data ? JSON.stringify(crumb.data) : ""}`;
}

/** How long before the event a crumb was: "−1.2 s"; empty when either time is unknown. */
export function offset(crumb: Crumb, event: string): string {
  const at = crumb.timestamp === null ? Number.NaN : Date.parse(crumb.timestamp);
  const difference = (at - Date.parse(event)) / 1000;
  if (!Number.isFinite(difference)) return "";
  const size = Math.abs(difference);
  const sign = difference > 0 ? "+" : "−";
  if (size < 0.0005) return "0 s";
  if (size < 60) return `${sign}${size < 10 ? size.toFixed(size < 1 ? 3 : 2) : size.toFixed(1)} s`;
  if (size < 3600) return `${sign}${Math.floor(size / 60)} min ${Math.floor(size % 60)} s`;
  return `${sign}${(size / 3600).toFixed(1)} h`;
}
