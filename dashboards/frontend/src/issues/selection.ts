// Cursor and selection of a long list as a pure state machine. Rows are named by id: positions change under the reader.

export interface Selection {
  /** The row the keys act on. */
  cursor: string | null;
  /** Where a range started. */
  anchor: string | null;
  selected: ReadonlySet<string>;
  /** Everything that matches is meant, loaded or not. */
  all: boolean;
}

export type SelectionAct =
  | { kind: "move"; by: number }
  | { kind: "point"; id: string }
  | { kind: "toggle"; id?: string }
  | { kind: "range"; id?: string; by?: number }
  | { kind: "page"; on: boolean }
  | { kind: "everything" }
  | { kind: "clear" }
  | { kind: "rows"; before: readonly string[] };

export const EMPTY: Selection = { cursor: null, anchor: null, selected: new Set(), all: false };

/** The next state; `ids` are the rows on the page in their order. */
export function select(state: Selection, act: SelectionAct, ids: readonly string[]): Selection {
  switch (act.kind) {
    case "move":
      return moved(state, act.by, ids);
    case "point":
      return ids.includes(act.id) ? { ...state, cursor: act.id } : state;
    case "toggle":
      return toggled(state, act.id ?? state.cursor, ids);
    case "range":
      return ranged(state, act, ids);
    case "page":
      return { ...state, selected: act.on ? new Set(ids) : new Set(), all: false, anchor: null };
    case "everything":
      return { ...state, selected: new Set(ids), all: true };
    case "clear":
      return { ...state, selected: new Set(), all: false, anchor: null };
    case "rows":
      return changedRows(state, act.before, ids);
  }
}

function moved(state: Selection, by: number, ids: readonly string[]): Selection {
  if (ids.length === 0) return state;
  const at = state.cursor === null ? -1 : ids.indexOf(state.cursor);
  const next = at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + by));
  return { ...state, cursor: ids[next]! };
}

function toggled(state: Selection, id: string | null, ids: readonly string[]): Selection {
  if (id === null || !ids.includes(id)) return state;
  const selected = new Set(state.all ? ids : state.selected);
  if (selected.has(id)) selected.delete(id);
  else selected.add(id);
  return { cursor: id, anchor: id, selected, all: false };
}

/** From the anchor to a row, or `by` rows further than the cursor: all of them selected. */
function ranged(state: Selection, act: { id?: string; by?: number }, ids: readonly string[]): Selection {
  const target = act.id ?? moved(state, act.by ?? 0, ids).cursor;
  if (target === null) return state;
  const from = ids.indexOf(state.anchor ?? state.cursor ?? target);
  const to = ids.indexOf(target);
  if (to < 0) return state;
  const start = from < 0 ? to : from;
  const selected = new Set(state.all ? ids : state.selected);
  for (const id of ids.slice(Math.min(start, to), Math.max(start, to) + 1)) selected.add(id);
  return { cursor: target, anchor: ids[start]!, selected, all: false };
}

/** After a refresh: rows that are gone leave the selection, the cursor stays at its row or at its place. */
function changedRows(state: Selection, before: readonly string[], ids: readonly string[]): Selection {
  const here = new Set(ids);
  const selected = state.all ? new Set(ids) : new Set([...state.selected].filter((id) => here.has(id)));
  const anchor = state.anchor !== null && here.has(state.anchor) ? state.anchor : null;
  if (state.cursor === null || here.has(state.cursor)) return { ...state, selected, anchor };
  const place = before.indexOf(state.cursor);
  const later = before.slice(Math.max(place, 0)).find((id) => here.has(id));
  return { ...state, selected, anchor, cursor: later ?? ids[ids.length - 1] ?? null };
}

/** What an action applies to: the selection, or else the row under the cursor. */
export function targets(state: Selection, ids: readonly string[]): string[] {
  if (state.all) return [...ids];
  if (state.selected.size > 0) return ids.filter((id) => state.selected.has(id));
  return state.cursor !== null && ids.includes(state.cursor) ? [state.cursor] : [];
}

/** Whether the box above the list is empty, partly or fully ticked. */
export function pageMark(state: Selection, ids: readonly string[]): "none" | "some" | "all" {
  const count = ids.reduce((n, id) => n + (state.selected.has(id) ? 1 : 0), 0);
  if (count === 0) return "none";
  return count === ids.length ? "all" : "some";
}
