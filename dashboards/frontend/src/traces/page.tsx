// The page of traces: the requests a search finds, one row a trace; spans, failures and errors of each come after them.
import * as React from "react";

import { formatCount, formatDuration, formatNumber } from "../core/format.ts";
import { useShortcuts } from "../core/keys.ts";
import { painted } from "../core/painted.ts";
import { apiBody } from "../core/search.ts";
import { useRows } from "../core/rows.ts";
import { SearchField } from "../core/search_field.tsx";
import { changePage, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { Moment } from "../issues/time.tsx";
import { colourMap } from "../trace/colours.ts";
import { Views } from "../views/picker.tsx";
import { type Known, knownOf, knownTexts, listText, type Order, type TraceRow, tracesOf } from "./model.ts";

/** The page `/app/traces`. */
export function Traces(): React.ReactElement {
  const { state } = useUrl();
  const { q = "", sort = "" } = state.page;
  const order: Order = sort === "slowest" ? "slowest" : "newest";
  const [tries, setTries] = React.useState(0);
  const scope = apiBody(state);
  const answer = useRows({ query: listText(q, order), ...scope }, tries);
  const traces = React.useMemo(() => (answer.rows ? tracesOf(answer.rows) : null), [answer.rows]);
  const texts = React.useMemo(() => (traces ? knownTexts(traces) : null), [traces]);
  const spans = useRows(texts ? { query: texts.spans, ...scope } : null);
  const errors = useRows(texts ? { query: texts.errors, ...scope } : null);
  const known = React.useMemo(() => (spans.rows ? knownOf(spans.rows, errors.rows ?? []) : null), [spans.rows, errors.rows]);
  React.useEffect(() => {
    if (traces) painted("traces");
  }, [traces]);
  return (
    <section className="map-page" aria-label="Traces">
      <header className="map-head traces-head">
        <h1>Traces</h1>
        <SearchField key={q} main label="Search requests" placeholder="transaction:/checkout*  transaction.duration:>1s" value={q} apply={(text) => changePage({ q: text })} />
        <div className="flame-modes" role="group" aria-label="Order">
          <button type="button" className="button quiet" aria-pressed={order === "newest"} onClick={() => changePage({ sort: "" })}>
            Newest
          </button>
          <button type="button" className="button quiet" aria-pressed={order === "slowest"} onClick={() => changePage({ sort: "slowest" })}>
            Slowest
          </button>
        </div>
        <span className="muted" role="status">
          {traces ? formatCount(traces.length, "trace") : ""}
        </span>
        <Views page="traces" />
      </header>
      <div className="map-body" aria-busy={traces === null && answer.problem === null}>
        {answer.problem ? <ProblemBox problem={answer.problem} retry={() => setTries(tries + 1)} /> : null}
        {traces === null && !answer.problem ? <Waiting /> : null}
        {traces?.length === 0 ? <Nothing filtered={q !== ""} /> : null}
        {traces && traces.length > 0 ? <List traces={traces} known={known} /> : null}
      </div>
    </section>
  );
}

function Waiting(): React.ReactElement {
  return (
    <div className="map-tables">
      {Array.from({ length: 12 }, (_, i) => (
        <div key={i} className="skeleton transactions-skeleton" />
      ))}
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }): React.ReactElement {
  return (
    <div className="empty">
      <h2>{filtered ? "No trace matches" : "No trace in this time range"}</h2>
      <p>
        {filtered
          ? "No request of this time range fits the search."
          : "A trace is what one request set off, in all services it came through. Switch tracing on in a client (traces_sample_rate), send OpenTelemetry, or choose a longer time range."}
      </p>
      {filtered ? (
        <button type="button" className="button" onClick={() => changePage({ q: "" })}>
          Show all traces
        </button>
      ) : (
        <a className="button" href="/app/welcome">
          Set up a program
        </a>
      )}
    </div>
  );
}

interface ListProps {
  traces: readonly TraceRow[];
  known: ReadonlyMap<string, Known> | null;
}

function List({ traces, known }: ListProps): React.ReactElement {
  const href = useHref();
  const body = React.useRef<HTMLTableSectionElement>(null);
  const longest = Math.max(...traces.map(({ duration }) => duration), 1);
  const colours = React.useMemo(() => colourMap([...new Set(traces.map(({ service, project }) => service || project))].sort()), [traces]);
  const move = (by: 1 | -1): void => {
    const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>("a[data-row]") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  };
  useShortcuts([
    { keys: "j", label: "Next trace", group: "Traces", run: () => move(1) },
    { keys: "k", label: "Previous trace", group: "Traces", run: () => move(-1) },
  ]);
  return (
    <div className="map-tables traces-list" tabIndex={0} role="region" aria-label="Traces as a table">
      <table className="plain">
        <thead>
          <tr>
            <th>Request</th>
            <th>Service</th>
            <th>Began</th>
            <th className="number">Spans</th>
            <th className="number">Failed</th>
            <th className="number">Errors</th>
            <th className="number">Duration</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {traces.map((one) => (
            <Row key={one.trace} one={one} known={known?.get(one.trace) ?? null} share={one.duration / longest} colour={colours.get(one.service || one.project) ?? 0} href={href(`/app/traces/${one.trace}`)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  one: TraceRow;
  known: Known | null;
  /** Its duration as a share of the longest. */
  share: number;
  colour: number;
  href: string;
}

function Row({ one, known, share, colour, href }: RowProps): React.ReactElement {
  const count = (value: number | undefined): string => (value === undefined ? "…" : formatNumber(value));
  return (
    <tr>
      <td className="truncate" title={one.transaction.slice(0, 300)}>
        <a href={href} data-row="">
          <bdi>{one.transaction.slice(0, 160) || "(no name)"}</bdi>
        </a>
        {one.failed ? <span className="badge error">failed</span> : null}
      </td>
      <td className="truncate">
        <span className={`service-name service-${colour}`}>
          <span className="service-dot" aria-hidden="true" />
          <bdi>{(one.service || one.project).slice(0, 80)}</bdi>
          {(known?.services ?? 1) > 1 ? <span className="muted"> and {known!.services - 1} more</span> : null}
        </span>
      </td>
      <td>
        <Moment time={one.timestamp} />
      </td>
      <td className="number">{count(known?.spans)}</td>
      <td className={known && known.failed > 0 ? "number map-errors some" : "number"}>{count(known?.failed)}</td>
      <td className={known && known.errors > 0 ? "number map-errors bad" : "number"}>{count(known?.errors)}</td>
      <td className="number traces-duration">
        {formatDuration(one.duration)}
        <span className={`traces-share service-${colour}`} style={{ width: `${Math.max(1, share * 100)}%` }} aria-hidden="true" />
      </td>
    </tr>
  );
}
