// The issue list: everything it shows follows from the address; rows are drawn only where one looks.
import * as React from "react";

import { type Shortcut, useShortcuts } from "../core/keys.ts";
import { painted } from "../core/painted.ts";
import { formatSearch } from "../core/search.ts";
import { changePage, changeUrl, navigate, useUrl } from "../core/url.ts";
import { AssignPicker } from "./assign.tsx";
import { Choices } from "./choices.tsx";
import { EmptyList, ProblemBox, Skeletons } from "./empty.tsx";
import { filterParams, type Filters, readFilters } from "./filters.ts";
import type { Ask, Issue, IssueChange } from "./model.ts";
import { fitsPreview, Preview, usePreview } from "./preview.tsx";
import { IssueRow, issueHref, type RowActs } from "./row.tsx";
import { EMPTY, pageMark, select, type Selection, type SelectionAct, targets } from "./selection.ts";
import { BulkBar, FilterBar } from "./toolbar.tsx";
import { type Loaded, useIds, useIssues } from "./useIssues.ts";
import { useBox, useNow } from "./watch.ts";

/** Selection and scroll position as they were left, for who comes back from an issue. */
const left = { key: "", selection: EMPTY, top: 0 };

const ROW = 54;
const ROW_NARROW = 58;
const NARROW = 760;
const SPARE = 6;

/** The page `/app/issues`. `me` is the audit name of who looks. */
export function IssueList({ me }: { me: string }): React.ReactElement {
  const { state } = useUrl();
  const filters = readFilters(state.page);
  const key = formatSearch(state);
  const [selection, setSelection] = React.useState<Selection>(left.key === key ? left.selection : EMPTY);
  const held = React.useRef<ReadonlySet<string>>(new Set());
  held.current = new Set([...selection.selected, ...(selection.cursor === null ? [] : [selection.cursor])]);
  const loaded = useIssues(state, me, () => held.current);
  const ids = useIds(loaded.rows.items);
  const choose = useSelection(ids, setSelection);
  if (left.key !== key) left.top = 0;
  left.key = key;
  left.selection = selection;
  const [assigning, setAssigning] = React.useState<readonly string[] | null>(null);
  const [asked, setAsked] = React.useState<Ask | null>(null);
  const [wanted, togglePreview] = usePreview();
  const page = useBox();
  const preview = wanted && fitsPreview(page.width);
  const now = useNow(30_000);

  const change = (next: Partial<Filters>): void => {
    setSelection(EMPTY);
    changePage(filterParams({ ...filters, ...next }));
  };
  const act = (what: IssueChange): void => {
    const meant = targets(selection, ids);
    if (meant.length === 0) return;
    loaded.act(meant, what, selection.all);
    if (selection.selected.size === 0 && what.status) choose({ kind: "move", by: 1 });
  };
  const openAssign = (): void => {
    const meant = targets(selection, ids);
    if (meant.length > 0) setAssigning(meant);
  };
  const ask = (what: Ask): void => {
    if (targets(selection, ids).length > 0) setAsked(what);
  };
  useListKeys({ selection, choose, act, ask, assign: openAssign, preview: togglePreview, state });

  React.useEffect(() => {
    if (loaded.phase === "ready") painted("issues");
  }, [loaded.phase, loaded.rows]);
  const mark = pageMark(selection, ids);
  const total = loaded.rows.meta?.total ?? null;
  return (
    <section className="issues-page" aria-label="Issues" ref={page.ref}>
      <h1 className="visually-hidden">Issues</h1>
      <FilterBar filters={filters} me={me} busy={loaded.phase === "again"} change={change} preview={wanted} onPreview={togglePreview} />
      <div className={preview ? "issue-split" : "issue-whole"}>
      <div className="issue-grid" role="grid" aria-label="Issues; j and k move, x selects, Enter opens" aria-rowcount={total ?? -1} aria-colcount={8} aria-multiselectable="true" tabIndex={0} aria-activedescendant={selection.cursor === null ? undefined : `issue-row-${selection.cursor}`} data-testid="issue-list" aria-busy={loaded.phase === "first" || loaded.phase === "again"}>
        <BulkBar
          mark={mark}
          count={selection.selected.size}
          everything={selection.all}
          total={total}
          more={loaded.rows.next !== null}
          tab={filters.tab}
          sort={filters.sort}
          sortBy={(sort) => change({ sort })}
          page={(on) => choose({ kind: "page", on })}
          all={() => choose({ kind: "everything" })}
          clear={() => choose({ kind: "clear" })}
          act={act}
          ask={ask}
          assign={openAssign}
          ids={[...selection.selected]}
          reload={loaded.reload}
        />
        <Body loaded={loaded} selection={selection} choose={choose} assign={(id) => setAssigning([id])} me={me} />
      </div>
      {preview ? (
        <Preview
          issue={loaded.rows.items.find(({ id }) => id === selection.cursor) ?? null}
          next={ids[ids.indexOf(selection.cursor ?? "") + 1] ?? null}
          bar={state}
          now={now}
          step_s={loaded.rows.meta?.trend_step_s ?? 3600}
          act={(what) => selection.cursor !== null && loaded.act([selection.cursor], what, false)}
          assign={() => selection.cursor !== null && setAssigning([selection.cursor])}
          close={togglePreview}
        />
      ) : null}
      </div>
      {asked === null ? null : <Choices ask={asked} act={act} close={() => setAsked(null)} />}
      {assigning === null ? null : (
        <AssignPicker
          issue={assigning[0]!}
          me={me}
          choose={(assignee) => loaded.act(assigning, { assignee }, selection.all && assigning.length > 1)}
          close={() => setAssigning(null)}
        />
      )}
    </section>
  );
}

type Choose = (act: SelectionAct) => void;

/** Acts on the selection; rows that leave the list leave the selection. */
function useSelection(ids: readonly string[], set: React.Dispatch<React.SetStateAction<Selection>>): Choose {
  const last = React.useRef(ids);
  React.useLayoutEffect(() => {
    const before = last.current;
    last.current = ids;
    if (before !== ids) set((state) => select(state, { kind: "rows", before }, ids));
  }, [ids, set]);
  return React.useCallback((act) => set((state) => select(state, act, last.current)), [set]);
}

interface ListKeys {
  selection: Selection;
  choose: Choose;
  act: (change: IssueChange) => void;
  ask: (what: Ask) => void;
  assign: () => void;
  preview: () => void;
  state: ReturnType<typeof useUrl>["state"];
}

function useListKeys({ selection, choose, act, ask, assign, preview, state }: ListKeys): void {
  const open = (event: KeyboardEvent): void => {
    const control = event.target instanceof Element ? event.target.closest<HTMLElement>("a, button") : null;
    if (control) control.click();
    else if (selection.cursor !== null) navigate(issueHref(selection.cursor, state));
  };
  const rows: [string, string, Shortcut["run"]][] = [
    ["j", "Next issue", () => choose({ kind: "move", by: 1 })],
    ["k", "Previous issue", () => choose({ kind: "move", by: -1 })],
    ["arrowdown", "Next issue", () => choose({ kind: "move", by: 1 })],
    ["arrowup", "Previous issue", () => choose({ kind: "move", by: -1 })],
    ["enter", "Open the issue", open],
    ["x", "Select the issue", () => choose({ kind: "toggle" })],
    ["shift+x", "Select down to this issue", () => choose({ kind: "range", by: 0 })],
    ["shift+j", "Extend the selection down", () => choose({ kind: "range", by: 1 })],
    ["shift+k", "Extend the selection up", () => choose({ kind: "range", by: -1 })],
    ["mod+a", "Select all loaded issues", () => choose({ kind: "page", on: true })],
    ["escape", "Clear the selection", () => choose({ kind: "clear" })],
    ["e", "Resolve", () => act({ status: "resolved" })],
    ["i", "Archive", () => act({ status: "ignored" })],
    ["o", "Reopen", () => act({ status: "unresolved" })],
    ["a", "Assign", assign],
    ["p", "Set the priority", () => ask("priority")],
    ["shift+e", "Resolve in a release…", () => ask("resolve")],
    ["shift+i", "Archive until…", () => ask("archive")],
    ["s", "Snooze: archive until…", () => ask("archive")],
    ["v", "Show or hide the preview", preview],
  ];
  useShortcuts(rows.map(([keys, label, run]) => ({ keys, label, group: "Issues", run })));
}

interface BodyProps {
  loaded: Loaded;
  selection: Selection;
  choose: Choose;
  assign: (id: string) => void;
  me: string;
}

function Body({ loaded, selection, choose, assign, me }: BodyProps): React.ReactElement {
  const { rows, phase, problem } = loaded;
  const { state } = useUrl();
  const box = useBox();
  const height = box.width > 0 && box.width < NARROW ? ROW_NARROW : ROW;
  const now = useNow(30_000);
  const { items } = rows;
  const first = Math.max(0, Math.floor(box.top / height) - SPARE);
  const last = Math.min(items.length, Math.ceil((box.top + box.height) / height) + SPARE);
  const near = last + 10 >= items.length;
  React.useEffect(() => {
    if (near && phase === "ready" && rows.next !== null && problem === null) loaded.more();
  });
  useScrollKept(box.element, phase);
  useCursorInSight(box.element, selection.cursor, items, height);
  useAnchor(box.element, items, height);
  const acts = React.useMemo<RowActs>(
    () => ({
      toggle: (id, range) => choose(range ? { kind: "range", id } : { kind: "toggle", id }),
      point: (id) => choose({ kind: "point", id }),
      assign,
    }),
    [choose], // `assign` only sets state: the first one does as well as the newest
  );
  return (
    <div
      ref={box.ref}
      className={phase === "again" ? "issue-scroll waiting" : "issue-scroll"}
      role="rowgroup"
      tabIndex={-1}
    >
      {phase === "first" ? <Skeletons height={height} count={12} /> : null}
      {problem === null ? null : <ProblemBox problem={problem} retry={loaded.reload} />}
      {phase === "ready" && problem === null && items.length === 0 ? (
        <EmptyList
          state={state}
          me={me}
          clear={() => changeUrl({ projects: [], environments: [], page: { tab: "all" } })}
          widen={() => changeUrl({ range: "30d" })}
        />
      ) : null}
      <div className="issue-rows" style={{ height: items.length * height }}>
        {items.slice(first, last).map((issue, i) => (
          <IssueRow
            key={issue.id}
            issue={issue}
            index={first + i}
            top={(first + i) * height}
            height={height}
            selected={selection.selected.has(issue.id)}
            cursor={selection.cursor === issue.id}
            gone={rows.gone.has(issue.id)}
            now={now}
            step_s={rows.meta?.trend_step_s ?? 3600}
            bar={state}
            acts={acts}
          />
        ))}
      </div>
      {phase === "more" ? <Skeletons height={height} count={2} /> : null}
    </div>
  );
}

/** Scrolls to where one was when the list is shown again, and to the top when other issues are. */
function useScrollKept(element: HTMLElement | null, phase: Loaded["phase"]): void {
  const start = React.useRef(left.top);
  React.useLayoutEffect(() => {
    if (!element) return undefined;
    element.scrollTop = start.current;
    const remember = (): void => {
      left.top = element.scrollTop;
    };
    element.addEventListener("scroll", remember, { passive: true });
    return () => element.removeEventListener("scroll", remember);
  }, [element]);
  React.useLayoutEffect(() => {
    if (element && phase === "again") element.scrollTop = 0;
  }, [element, phase]);
}

/** Keeps the row of the cursor in sight when the cursor moves. */
function useCursorInSight(element: HTMLElement | null, cursor: string | null, items: readonly Issue[], height: number): void {
  React.useLayoutEffect(() => {
    if (!element || cursor === null) return;
    const top = items.findIndex(({ id }) => id === cursor) * height;
    if (top < element.scrollTop) element.scrollTop = Math.max(0, top);
    else if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height - element.clientHeight;
  }, [element, cursor, height]); // not when rows arrive: that must not move what one reads
}

/** Keeps the rows one reads where they are when a refresh puts new ones above; at the very top new rows are welcome. */
function useAnchor(element: HTMLElement | null, items: readonly Issue[], height: number): void {
  const before = React.useRef(items);
  React.useLayoutEffect(() => {
    const old = before.current;
    before.current = items;
    if (!element || old === items || element.scrollTop < height) return;
    const place = Math.floor(element.scrollTop / height);
    const anchor = old[place];
    const now = anchor ? items.findIndex(({ id }) => id === anchor.id) : -1;
    if (now >= 0 && now !== place) element.scrollTop += (now - place) * height;
  }, [element, items, height]);
}
