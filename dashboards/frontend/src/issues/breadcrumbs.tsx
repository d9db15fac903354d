// The breadcrumbs of an event as a timeline one can filter.
import * as React from "react";

import { Clip } from "./clip.tsx";
import { type Crumb, EVERY_CRUMB, filtered, kindOf, kinds, levels, offset } from "./crumbs.ts";
import { Facts, Section } from "./facts.tsx";
import { useExact } from "./time.tsx";

const FIRST = 12;

export function Breadcrumbs({ crumbs, event }: { crumbs: readonly Crumb[]; event: string }): React.ReactElement {
  const [filter, setFilter] = React.useState(EVERY_CRUMB);
  const [whole, setWhole] = React.useState(false);
  const shown = React.useMemo(() => filtered(crumbs, filter), [crumbs, filter]);
  const rows = whole ? shown : shown.slice(0, FIRST);
  const exact = useExact();
  const known = kinds(crumbs);
  const toggle = (kind: string): void => {
    const next = new Set(filter.kinds);
    if (!next.delete(kind)) next.add(kind);
    setFilter({ ...filter, kinds: next });
  };
  return (
    <Section
      title="Breadcrumbs"
      count={crumbs.length}
      extra={
        <div className="crumb-filter">
          {known.length > 1
            ? known.slice(0, 6).map(({ kind, count }) => (
                <button key={kind} type="button" className="chip" aria-pressed={filter.kinds.has(kind)} onClick={() => toggle(kind)}>
                  {kind.slice(0, 30)} <span className="muted">{count}</span>
                </button>
              ))
            : null}
          {levels(crumbs).length > 1 ? (
            <select aria-label="Level of breadcrumbs" value={filter.level} onChange={(event_) => setFilter({ ...filter, level: event_.target.value })}>
              <option value="">All levels</option>
              {levels(crumbs).map((level) => (
                <option key={level}>{level.slice(0, 30)}</option>
              ))}
            </select>
          ) : null}
          <input type="search" aria-label="Filter breadcrumbs" placeholder="Filter" value={filter.text} onChange={(event_) => setFilter({ ...filter, text: event_.target.value })} />
        </div>
      }
    >
      {shown.length === 0 ? <p className="muted">No breadcrumb matches the filter.</p> : null}
      <ol className="crumbs">
        {rows.map(({ crumb, index }) => (
          <li key={index} className={`crumb ${crumb.level === "error" || crumb.level === "fatal" ? "bad" : crumb.level === "warning" ? "warn" : ""}`.trim()}>
            <time dateTime={crumb.timestamp ?? undefined} title={crumb.timestamp ? exact(crumb.timestamp) : undefined}>
              {offset(crumb, event)}
            </time>
            <span className="crumb-kind" title={crumb.category}>
              <bdi>{crumb.category || kindOf(crumb)}</bdi>
            </span>
            <div className="crumb-text">
              {crumb.level && crumb.level !== "info" ? <span className="crumb-level">{crumb.level.slice(0, 30)} </span> : null}
              <Clip text={crumb.message} most={300} />
              {crumb.data ? <Facts rows={Object.entries(crumb.data)} /> : null}
            </div>
          </li>
        ))}
      </ol>
      {rows.length < shown.length ? (
        <button type="button" className="button quiet" onClick={() => setWhole(true)}>
          Show all {shown.length} breadcrumbs
        </button>
      ) : null}
    </Section>
  );
}
