// Above the list: search line, tabs and sort; and the bar of actions that replaces the headings while rows are selected.
import * as React from "react";

import { useKeyTitle } from "../core/keys.ts";
import { formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { useHref } from "../core/url.ts";
import { type Filters, SORTS, type Sort, tabs } from "./filters.ts";
import { Split } from "./choices.tsx";
import type { Ask, IssueChange } from "./model.ts";
import { BULK_BUTTONS, LIST_TOOLS } from "./slots.tsx";

interface FilterBarProps {
  filters: Filters;
  me: string;
  busy: boolean;
  change: (next: Partial<Filters>) => void;
  preview: boolean;
  onPreview: () => void;
}

/** Search line, tabs, sort. The search is committed by Enter, or by leaving the line. */
export function FilterBar({ filters, me, busy, change, preview, onPreview }: FilterBarProps): React.ReactElement {
  const keyed = useKeyTitle();
  const [text, setText] = React.useState(filters.q);
  React.useEffect(() => setText(filters.q), [filters.q]);
  const href = useHref();
  const commit = (): void => {
    if (text.trim() !== filters.q) change({ q: text.trim() });
  };
  return (
    <div className="issue-filters">
      <form
        role="search"
        className="issue-search"
        onSubmit={(event) => {
          event.preventDefault();
          commit();
        }}
      >
        <Icon name="discover" />
        <input
          type="search"
          data-testid="query-line"
          data-query
          aria-label="Filter issues"
          placeholder="Filter: error.type:ValueError release:1.4.* user.email:*@example.org"
          spellCheck={false}
          autoCapitalize="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
      </form>
      <div className="issue-tabs" role="group" aria-label="Which issues">
        {tabs(me).map((tab) => (
          <button key={tab.key} type="button" aria-pressed={tab.key === filters.tab} title={tab.terms} onClick={() => change({ tab: tab.key })}>
            {tab.label}
          </button>
        ))}
      </div>
      {LIST_TOOLS.map((Tool, place) => (
        <Tool key={place} filters={filters} me={me} />
      ))}
      <label className="issue-sort">
        <span className="visually-hidden">Sort by</span>
        <select value={filters.sort} onChange={(event) => change({ sort: event.target.value as Sort })}>
          {SORTS.map(({ key, label }) => (
            <option key={key} value={key}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="button quiet icon" aria-pressed={preview} aria-label="Preview beside the list" title={keyed("Preview beside the list", "Issues", "v")} onClick={onPreview}>
        <Icon name="sidebar" />
      </button>
      <a className="button quiet icon" href={href("/app/issues/review")} aria-label="Review merges and splits" title="Review merges and splits the model suggests">
        <Icon name="layers" />
      </a>
      <span className={busy ? "issue-busy on" : "issue-busy"} aria-hidden="true" />
    </div>
  );
}

interface BulkBarProps {
  mark: "none" | "some" | "all";
  count: number;
  everything: boolean;
  /** How many match in all, when the server knows. */
  total: number | null;
  more: boolean;
  tab: string;
  sort: Sort;
  sortBy: (sort: Sort) => void;
  page: (on: boolean) => void;
  all: () => void;
  clear: () => void;
  act: (change: IssueChange) => void;
  ask: (ask: Ask) => void;
  assign: () => void;
  /** The selected rows, for the buttons of others. */
  ids: readonly string[];
  reload: () => void;
}

const ACTIONS = [
  { label: "Resolve", key: "e", change: { status: "resolved" }, hidden: "resolved", ask: "resolve", name: "In a release or commit" },
  { label: "Archive", key: "i", change: { status: "ignored" }, hidden: "archived", ask: "archive", name: "Until when" },
  { label: "Reopen", key: "o", change: { status: "unresolved" }, hidden: "unresolved", ask: null, name: "" },
] as const;

/** The headings of the list; with a selection, what can be done with it. */
export function BulkBar(props: BulkBarProps): React.ReactElement {
  const box = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    if (box.current) box.current.indeterminate = props.mark === "some";
  }, [props.mark]);
  const some = props.mark !== "none";
  return (
    <div role="row" className={some ? "issue-head acting" : "issue-head"} aria-rowindex={1}>
      <div role="columnheader" className="cell check">
        <input ref={box} type="checkbox" aria-label="Select all loaded issues" checked={props.mark === "all"} onChange={() => props.page(props.mark !== "all")} />
      </div>
      {some ? <Acting {...props} /> : <Headings {...props} />}
    </div>
  );
}

const HEADINGS: readonly { name: string; label: string; sort?: Sort }[] = [
  { name: "what", label: "Issue" },
  { name: "trend", label: "Trend", sort: "trend" },
  { name: "number events", label: "Events", sort: "events" },
  { name: "number users", label: "Users", sort: "users" },
  { name: "when last", label: "Last seen", sort: "last_seen" },
  { name: "when first", label: "First seen", sort: "first_seen" },
  { name: "assignee", label: "" },
];

/** Headings; those of numbers sort, the greatest first. */
function Headings({ sort, sortBy, total }: Pick<BulkBarProps, "sort" | "sortBy" | "total">): React.ReactElement {
  return (
    <>
      {HEADINGS.map(({ name, label, sort: own }) => (
        <div key={name} role="columnheader" className={`cell ${name}`} aria-sort={own === sort ? "descending" : undefined}>
          {own ? (
            <button type="button" className="heading" aria-pressed={own === sort} onClick={() => sortBy(own)}>
              {label}
            </button>
          ) : label === "" ? (
            <span className="visually-hidden">Assignee</span>
          ) : (
            label
          )}
          {name === "what" && total !== null ? <span className="count">{formatNumber(total)}</span> : null}
        </div>
      ))}
    </>
  );
}

function Acting(props: BulkBarProps): React.ReactElement {
  const { count, total, everything } = props;
  const meant = everything ? (total === null ? "All matching" : `All ${formatNumber(total)} matching`) : formatNumber(count);
  return (
    <div role="columnheader" className="acting-cell">
      <span className="acting-count">{meant} selected</span>
      {props.mark === "all" && props.more && !everything ? (
        <button type="button" className="button quiet" onClick={props.all}>
          Select all {total === null ? "" : `${formatNumber(total)} `}matching
        </button>
      ) : null}
      {ACTIONS.filter(({ hidden }) => hidden !== props.tab).map(({ label, key, change, ask, name }) =>
        ask ? (
          <Split key={label} label={label} hint={`${label} (${key})`} name={name} onClick={() => props.act(change)} more={() => props.ask(ask)}>
            <kbd>{key}</kbd>
          </Split>
        ) : (
          <button key={label} type="button" className="button" onClick={() => props.act(change)}>
            {label} <kbd>{key}</kbd>
          </button>
        ),
      )}
      <button type="button" className="button" onClick={() => props.ask("priority")} aria-haspopup="dialog">
        Priority <kbd>p</kbd>
      </button>
      <button type="button" className="button" onClick={props.assign}>
        Assign <kbd>a</kbd>
      </button>
      {BULK_BUTTONS.map((Button, i) => (
        <Button key={i} ids={props.ids} everything={everything} done={props.reload} />
      ))}
      <button type="button" className="button quiet" onClick={props.clear}>
        Clear
      </button>
    </div>
  );
}
