// Above the waterfall: what the trace is, who took part, and the tools.
import * as React from "react";

import { useKeyTitle } from "../core/keys.ts";
import { formatCount, formatDuration, formatNumber, formatRatio } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { CopyButton } from "../issues/copy.tsx";
import { useExact } from "../issues/time.tsx";
import { ErrorList, LogList } from "./drawer.tsx";
import { nextOf } from "./steps.ts";
import { profilesHref, useProfiles } from "./useProfiles.ts";
import type { TraceState } from "./useTrace.ts";
import { whole } from "./view.ts";

const MOST_SERVICES = 8;

export function TraceHead({ state }: { state: TraceState }): React.ReactElement {
  const { trace, scene } = state;
  const { columns, tree } = scene;
  const exact = useExact();
  const samples = useProfiles(trace);
  const title = tree.size === 0 ? "Trace" : columns.description[0] || columns.op[0] || `Trace ${trace.trace_id.slice(0, 8)}`;
  const { places } = trace;
  const total = places.self_ns.reduce((sum, self_ns) => sum + self_ns, 0);
  const start = new Date(Number(BigInt(trace.start_ns || "0") / 1_000_000n)).toISOString();
  return (
    <header className="trace-head">
      <h1 className="truncate" title={title.slice(0, 500)}>
        <bdi>{title.slice(0, 300)}</bdi>
      </h1>
      <div className="trace-facts">
        <b>{formatDuration(trace.duration_ns)}</b>
        <span>
          {formatNumber(trace.count)} {trace.count === 1 ? "span" : "spans"}
        </span>
        <time dateTime={start}>{exact(start)}</time>
        <CopyButton text={trace.trace_id} label={trace.trace_id.slice(0, 8)} said="Trace id copied." />
        {trace.errors.length > 0 ? (
          <Menu
            className="button quiet bad"
            kind="dialog"
            label={
              <>
                <Icon name="issues" /> {formatNumber(trace.errors.length)} {trace.errors.length === 1 ? "error" : "errors"}
              </>
            }
          >
            {() => <ErrorList errors={trace.errors} />}
          </Menu>
        ) : null}
        {state.logs.length > 0 ? (
          <Menu className="button quiet" kind="dialog" label={`${formatNumber(state.logs.length)} ${state.logs.length === 1 ? "log" : "logs"}`}>
            {() => <LogList logs={state.logs} />}
          </Menu>
        ) : null}
        {samples > 0 ? (
          <a className="button quiet" href={profilesHref(trace)} title="What ran in it, as a flame graph">
            <Icon name="profiles" />
            {formatCount(samples, "sample")}
          </a>
        ) : null}
      </div>
      <ul className="trace-services" aria-label={`${places.kind === "service" ? "Services" : "Operations"} by the time spent in them`}>
        {places.names.slice(0, MOST_SERVICES).map((name, i) => {
          const filter = filterOf(places.kind, name);
          return (
            <li key={i} title={`${formatNumber(places.spans[i]!)} spans, ${formatDuration(places.self_ns[i]!)} self time`}>
              <button type="button" className="chip" aria-pressed={state.filter === filter} onClick={() => state.setFilter(state.filter === filter ? "" : filter)}>
                <span className={`service-dot service-${scene.colours[i] ?? 0}`} aria-hidden="true" />
                <bdi>{name.slice(0, 60) || "(none)"}</bdi>
                <span className="muted">{total > 0 ? formatRatio(Math.round((places.self_ns[i]! / total) * 100) / 100) : ""}</span>
              </button>
            </li>
          );
        })}
        {places.names.length > MOST_SERVICES ? <li className="muted">{places.names.length - MOST_SERVICES} more</li> : null}
      </ul>
    </header>
  );
}

/** A filter that finds a group; names with blanks are found by their first word. */
function filterOf(kind: "service" | "op", name: string): string {
  return `${kind}:${name.split(/\s/u)[0] ?? ""}`;
}

export function TraceTools({ state }: { state: TraceState }): React.ReactElement {
  const keyed = useKeyTitle();
  const { scene, matches, failures } = state;
  const filtered = scene.kept !== null;
  const marked = filtered ? matches : failures;
  const zoomed = scene.window.to - scene.window.from < whole(state.trace.duration_ns).to * 0.999;
  const jump = (forward: boolean): void => state.choose(nextOf(marked, scene.chosen, forward));
  return (
    <div className="trace-tools">
      <input
        type="search"
        data-query
        aria-label="Filter spans"
        placeholder="Filter spans: db  service:pay  is:error  span id"
        value={state.filter}
        onChange={(event) => state.setFilter(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") jump(!event.shiftKey);
          else if (event.key === "Escape") {
            state.setFilter("");
            event.currentTarget.blur();
          }
        }}
      />
      <span className="trace-matches" role="status">
        {filtered ? `${formatNumber(state.found)} of ${formatNumber(scene.tree.size)}` : failures.length > 0 ? `${formatNumber(Math.max(failures.length, state.trace.failed))} failed` : ""}
      </span>
      <button type="button" className="button quiet icon" disabled={marked.length === 0} aria-label={filtered ? "Previous match" : "Previous error"} title={keyed("Previous", "Trace", "[")} onClick={() => jump(false)}>
        <Icon name="left" />
      </button>
      <button type="button" className="button quiet icon" disabled={marked.length === 0} aria-label={filtered ? "Next match" : "Next error"} title={keyed("Next", "Trace", "]")} onClick={() => jump(true)}>
        <Icon name="right" />
      </button>
      <span className="trace-gap" />
      <button type="button" className="button quiet" onClick={() => state.foldAll(scene.folded.size === 0)}>
        {scene.folded.size === 0 ? "Fold all" : "Unfold all"}
      </button>
      {state.trace.groups.row.length > 0 ? (
        <button type="button" className="button quiet" aria-pressed={state.grouped} title={keyed("Show runs of like siblings as one row", "Trace", "s")} onClick={() => state.setGrouped(!state.grouped)}>
          Group siblings
        </button>
      ) : null}
      <button type="button" className="button quiet" aria-pressed={state.pathShown} title="Mark what the trace was waiting for" onClick={() => state.setPathShown(!state.pathShown)}>
        Critical path
      </button>
      {zoomed ? (
        <button type="button" className="button quiet" title={keyed("The whole trace", "Trace", "0")} onClick={() => state.show(whole(state.trace.duration_ns))}>
          Reset zoom
        </button>
      ) : null}
      <button type="button" className="button quiet" aria-pressed={state.table} title={keyed("Waterfall or table", "Trace", "t")} onClick={() => state.setTable(!state.table)}>
        Table
      </button>
    </div>
  );
}
