// The page of the service map: asks for it, and shows it as a picture or as tables.
import * as React from "react";

import { get } from "../core/api.ts";
import { formatCount, formatDuration, formatNumber, formatRatio } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { apiQuery } from "../core/search.ts";
import { changePage, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { type Calls, errorRate, healthOf, type MapDocument, type MapNode, rateText, serviceQuery, storeQuery, within } from "./model.ts";
import { Picture } from "./picture.tsx";

/** The page `/app/map`. */
export function ServiceMap(): React.ReactElement {
  const { state } = useUrl();
  const [map, setMap] = React.useState<MapDocument | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  const alone = state.page.stores === "no";
  const query = JSON.stringify([...apiQuery(state), ...(alone ? [] : [["stores", "true"]])]);
  React.useEffect(() => {
    const controller = new AbortController();
    get<MapDocument>("services/map", { query: JSON.parse(query) as [string, string][], signal: controller.signal })
      .then((found) => {
        setMap(found);
        setProblem(null);
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [query, tries]);
  if (problem) {
    return (
      <div className="map-page">
        <ProblemBox problem={problem} retry={() => setTries(tries + 1)} />
      </div>
    );
  }
  if (!map) return <Waiting />;
  if (map.nodes.length === 0) return <Nothing />;
  return <Loaded map={map} />;
}

function Waiting(): React.ReactElement {
  return (
    <div className="map-page" aria-busy="true">
      <div className="map-waiting">
        {Array.from({ length: 6 }, (_, i) => (
          <div key={i} className="skeleton map-skeleton" />
        ))}
      </div>
    </div>
  );
}

function Nothing(): React.ReactElement {
  return (
    <div className="empty">
      <h2>No service answered a request in this time range</h2>
      <p>
        The map is drawn from spans: one for each request a service answers, with the span that called it above. Send traces
        from two services with the trace headers passed on, or choose a longer time range.
      </p>
    </div>
  );
}

const HOPS = ["1", "2", "3"];

function Loaded({ map }: { map: MapDocument }): React.ReactElement {
  const { state } = useUrl();
  const { focus = "", hops = "", chosen = "", find = "", view = "", stores = "" } = state.page;
  const near = React.useMemo(() => (focus ? within(map.edges, focus, Number(hops) || 1) : null), [map, focus, hops]);
  const nodes = React.useMemo(() => (near ? map.nodes.filter(({ name }) => near.has(name)) : map.nodes), [map, near]);
  const edges = React.useMemo(() => (near ? map.edges.filter(({ source, target }) => near.has(source) && near.has(target)) : map.edges), [map, near]);
  const found = React.useMemo(() => (find.trim() ? new Set(nodes.filter(({ name }) => name.toLowerCase().includes(find.trim().toLowerCase())).map(({ name }) => name)) : null), [nodes, find]);
  React.useEffect(() => painted("map"), [map]);
  const shown = { ...map, nodes, edges };
  const node = map.nodes.find(({ name }) => name === chosen);
  const choose = (name: string): void => changePage({ chosen: name === chosen ? "" : name }, { replace: true });
  return (
    <section className="map-page" aria-label="Service map">
      <header className="map-head">
        <h1>Service map</h1>
        <input type="search" data-query aria-label="Find services" placeholder="Find services" value={find} onChange={(event) => changePage({ find: event.target.value }, { replace: true })} />
        <span className="muted" role="status">
          {found ? `${found.size} of ${nodes.length}` : countText(nodes, edges.length)}
        </span>
        {focus ? (
          <span className="map-focus">
            <label>
              Around <bdi>{focus.slice(0, 40)}</bdi>:{" "}
              <select aria-label="Calls away" value={hops || "1"} onChange={(event) => changePage({ hops: event.target.value })}>
                {HOPS.map((n) => (
                  <option key={n} value={n}>
                    {n} {n === "1" ? "call" : "calls"} away
                  </option>
                ))}
              </select>
            </label>
            <button type="button" className="button quiet" onClick={() => changePage({ focus: "", hops: "" })}>
              Show all
            </button>
          </span>
        ) : null}
        <span className="trace-gap" />
        <button type="button" className="button quiet" aria-pressed={stores !== "no"} title="Databases, caches and queues, as their callers saw them" onClick={() => changePage({ stores: stores === "no" ? "" : "no" })}>
          Databases and queues
        </button>
        <button type="button" className="button quiet" aria-pressed={view === "table"} onClick={() => changePage({ view: view === "table" ? "" : "table" })}>
          Table
        </button>
      </header>
      {map.truncated ? (
        <p className="trace-notes" role="note">
          There are more services or calls than are shown: the busiest are. Choose projects, or a shorter time range.
        </p>
      ) : null}
      <div className={node ? "map-body with-drawer" : "map-body"}>
        {view === "table" ? <Tables map={shown} found={found} choose={choose} /> : <Picture map={shown} found={found} chosen={chosen} choose={choose} />}
        {node ? <Drawer map={map} node={node} /> : null}
      </div>
    </section>
  );
}

function countText(nodes: readonly MapNode[], edges: number): string {
  const services = nodes.filter(({ kind }) => kind === "service").length;
  const others = nodes.length - services;
  return `${formatCount(services, "service")}${others > 0 ? `, ${formatCount(others, "database or queue", "databases and queues")}` : ""}, ${formatCount(edges, "call")}`;
}

function Drawer({ map, node }: { map: MapDocument; node: MapNode }): React.ReactElement {
  const href = useHref();
  const callers = map.edges.filter(({ target }) => target === node.name);
  const called = map.edges.filter(({ source }) => source === node.name);
  return (
    <aside className="span-drawer" aria-label="Service">
      <header>
        <h2>
          <bdi>{node.name.slice(0, 120) || "(no name)"}</bdi>
        </h2>
        <button type="button" className="button quiet icon" aria-label="Close" onClick={() => changePage({ chosen: "" }, { replace: true })}>
          <Icon name="close" />
        </button>
      </header>
      <div className="span-body">
        <dl className="facts">
          <Fact name={node.kind === "service" ? "Requests" : "Calls"} value={`${formatNumber(node.calls)} (${rateText(node.calls, map.seconds)})`} />
          <Fact name="Failed" value={`${formatNumber(node.failed)} (${formatRatio(errorRate(node))})`} />
          <Fact name="Median" value={formatDuration(node.p50_ns)} />
          <Fact name="95th percentile" value={formatDuration(node.p95_ns)} />
        </dl>
        <div className="span-acts">
          <button type="button" className="button quiet" onClick={() => changePage({ focus: node.name, hops: "1" })}>
            Focus
          </button>
          <a className="button quiet" href={href(`/app/discover?q=${encodeURIComponent(node.kind === "service" ? serviceQuery(node.name) : storeQuery(node))}`)}>
            {node.kind === "service" ? "Requests in Discover" : "Calls in Discover"}
          </a>
        </div>
        <CallList title="Called by" calls={callers.map((edge) => ({ name: edge.source, ...edge }))} seconds={map.seconds} />
        <CallList title="Calls" calls={called.map((edge) => ({ name: edge.target, ...edge }))} seconds={map.seconds} />
      </div>
    </aside>
  );
}

function Fact({ name, value }: { name: string; value: string }): React.ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function CallList({ title, calls, seconds }: { title: string; calls: readonly (Calls & { name: string })[]; seconds: number }): React.ReactElement | null {
  if (calls.length === 0) return null;
  return (
    <section className="span-section">
      <h3>{title}</h3>
      <ul className="map-calls">
        {calls.slice(0, 50).map((call) => (
          <li key={call.name}>
            <button type="button" className="link-button" onClick={() => changePage({ chosen: call.name }, { replace: true })}>
              <bdi>{call.name.slice(0, 80) || "(no name)"}</bdi>
            </button>
            <span className="muted">
              {rateText(call.calls, seconds)} · {formatDuration(call.p95_ns)}
            </span>
            <Errors calls={call} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The share of failed calls, with a sign when it is high. */
function Errors({ calls }: { calls: Calls }): React.ReactElement {
  const health = healthOf(calls);
  return (
    <span className={`map-errors ${health}`}>
      {health === "good" ? "" : "⚠ "}
      {formatRatio(Number(errorRate(calls).toPrecision(2)))}
    </span>
  );
}

function Tables({ map, found, choose }: { map: MapDocument; found: ReadonlySet<string> | null; choose: (name: string) => void }): React.ReactElement {
  const nodes = map.nodes.filter(({ name }) => !found || found.has(name));
  const edges = map.edges.filter(({ source, target }) => !found || found.has(source) || found.has(target));
  return (
    <div className="map-tables" tabIndex={0} role="region" aria-label="Services as tables">
      <table className="plain">
        <caption>Services</caption>
        <Head first={["Service"]} />
        <tbody>
          {[...nodes].sort((a, b) => b.calls - a.calls).map((node) => (
            <tr key={node.name}>
              <td className="truncate">
                <button type="button" className="link-button" onClick={() => choose(node.name)}>
                  <bdi>{node.name.slice(0, 120) || "(no name)"}</bdi>
                </button>
              </td>
              <Numbers calls={node} seconds={map.seconds} />
            </tr>
          ))}
        </tbody>
      </table>
      <table className="plain">
        <caption>Calls</caption>
        <Head first={["Caller", "Called"]} />
        <tbody>
          {edges.map((edge) => (
            <tr key={`${edge.source}\u0000${edge.target}`}>
              <td className="truncate">
                <bdi>{edge.source.slice(0, 120)}</bdi>
              </td>
              <td className="truncate">
                <bdi>{edge.target.slice(0, 120)}</bdi>
              </td>
              <Numbers calls={edge} seconds={map.seconds} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head({ first }: { first: readonly string[] }): React.ReactElement {
  return (
    <thead>
      <tr>
        {first.map((name) => (
          <th key={name}>{name}</th>
        ))}
        <th className="number">Rate</th>
        <th className="number">Errors</th>
        <th className="number">Median</th>
        <th className="number">95%</th>
      </tr>
    </thead>
  );
}

function Numbers({ calls, seconds }: { calls: Calls; seconds: number }): React.ReactElement {
  return (
    <>
      <td className="number">{rateText(calls.calls, seconds)}</td>
      <td className="number">
        <Errors calls={calls} />
      </td>
      <td className="number">{formatDuration(calls.p50_ns)}</td>
      <td className="number">{formatDuration(calls.p95_ns)}</td>
    </>
  );
}
