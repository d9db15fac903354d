// Beside the waterfall: everything about the chosen span.
import * as React from "react";

import { get } from "../core/api.ts";
import { formatDuration, formatRatio, formatShort } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { useHref } from "../core/url.ts";
import { Clip } from "../issues/clip.tsx";
import { CopyButton } from "../issues/copy.tsx";
import { ProblemBox } from "../issues/empty.tsx";
import { isFailure, type TraceError } from "./model.ts";
import { period } from "./period.ts";
import { isSerious, type LogRecord } from "./useLogs.ts";
import type { TraceState } from "./useTrace.ts";

interface DrawerProps {
  state: TraceState;
  row: number;
  /** Number of the colour of the span's service. */
  colour: number;
}

export function Drawer({ state, row, colour }: DrawerProps): React.ReactElement {
  const { scene, choose, close } = state;
  const { columns, tree } = scene;
  const known = tree.known[row] === 1;
  const parent = tree.parent[row]!;
  return (
    <aside className="span-drawer" aria-label="Span" aria-busy={!known}>
      <header>
        <span className={`service-dot service-${colour}`} aria-hidden="true" />
        <h2>
          <bdi>{(columns.op[row] || "span").slice(0, 120)}</bdi>
        </h2>
        {parent >= 0 ? (
          <button type="button" className="button quiet" onClick={() => choose(parent)}>
            Go to parent
          </button>
        ) : null}
        <button type="button" className="button quiet icon" aria-label="Close" title="Close (Escape)" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="span-body">{known ? <Body state={state} row={row} /> : <div className="skeleton attribute-skeleton" />}</div>
    </aside>
  );
}

function Body({ state, row }: { state: TraceState; row: number }): React.ReactElement {
  const { trace, scene } = state;
  const { columns, tree } = scene;
  const id = columns.span_id[row]!;
  const status = columns.status[row]!;
  const href = useHref();
  const errors = trace.errors.filter((error) => error.span_id === id);
  const logs = state.logs.filter((log) => log.span_id === id);
  const group = scene.groups.get(row);
  const critical = (scene.path.get(row) ?? []).reduce((sum, { from_ns, to_ns }) => sum + to_ns - from_ns, 0);
  const duration = columns.duration_ns[row]!;
  return (
    <>
      {group ? (
        <p className="span-group">
          The first of {group.count} like spans, {formatDuration(group.total_ns)} together{group.failed > 0 ? `, ${group.failed} failed` : ""}.{" "}
          <button type="button" className="link-button" onClick={() => state.fold(row)}>
            Show each
          </button>
        </p>
      ) : null}
      <Clip text={columns.description[row]!} as="p" className="span-description mono" />
      {errors.length > 0 ? <ErrorList errors={errors} /> : null}
      <dl className="facts">
        <Fact name="Duration" value={`${formatDuration(duration)} (${share(duration, trace.duration_ns)} of the trace)`} />
        <Fact name="Self time" value={`${formatDuration(columns.self_ns[row]!)} (${share(columns.self_ns[row]!, duration)} of the span)`} />
        {critical > 0 ? <Fact name="Critical path" value={`${formatDuration(critical)} (${share(critical, trace.duration_ns)} of the trace)`} /> : null}
        <Fact name="Starts" value={columns.start_ns[row] ? `${formatDuration(columns.start_ns[row]!)} after the trace` : "with the trace"} />
        <Fact name="Status" value={status || "–"} bad={isFailure(status)} />
        <Fact name="Service" value={columns.service[row] || "–"} />
        <Fact name="Project" value={columns.project[row] || "–"} />
        <Fact name="Children" value={`${tree.children[row]!}, ${tree.end[row]! - row - 1} below`} />
        <div>
          <dt>Span id</dt>
          <dd className="mono">{id}</dd>
        </div>
      </dl>
      <div className="span-acts">
        <CopyButton text={() => window.location.href} label="Copy link" said="Link copied." />
        <a className="button quiet" href={href(`/app/discover?q=${encodeURIComponent(`from spans trace:${trace.trace_id} id:${id}`)}`)}>
          Discover
        </a>
      </div>
      {logs.length > 0 ? (
        <section className="span-section">
          <h3>Logs</h3>
          <LogList logs={logs} />
        </section>
      ) : null}
      <Attributes key={id} state={state} span={id} />
    </>
  );
}

/** Log records with when they were written, counted from the start of the trace. */
export function LogList({ logs }: { logs: readonly LogRecord[] }): React.ReactElement {
  return (
    <ul className="span-logs">
      {logs.slice(0, 100).map((log, i) => (
        <li key={i}>
          <span className="muted number">{formatDuration(Math.max(0, log.offset_ns))}</span>
          <span className={isSerious(log.level) ? "log-level bad" : "log-level"}>{log.level.slice(0, 12) || "log"}</span>
          <Clip text={log.message || "(no message)"} most={300} />
        </li>
      ))}
      {logs.length > 100 ? <li className="muted">{logs.length - 100} more</li> : null}
    </ul>
  );
}

/** A part as a percentage with one digit; less than that is said so. */
function share(part: number, whole: number): string {
  const ratio = part / Math.max(1, whole);
  return ratio > 0 && ratio < 0.001 ? "less than 0.1%" : formatRatio(Math.round(ratio * 1000) / 1000);
}

function Fact({ name, value, bad }: { name: string; value: string; bad?: boolean }): React.ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={bad ? "bad" : ""}>
        <Clip text={value} most={200} />
      </dd>
    </div>
  );
}

/** Error events, each with the way to its issue. */
export function ErrorList({ errors }: { errors: readonly TraceError[] }): React.ReactElement {
  const href = useHref();
  return (
    <ul className="span-errors">
      {errors.map((error) => (
        <li key={error.event_id}>
          <a href={href(errorHref(error))} title={error.title.slice(0, 300)}>
            <Icon name="issues" />
            <span className="short-id">{error.issue}</span>
            <bdi className="truncate">{error.title || "(no title)"}</bdi>
          </a>
        </li>
      ))}
    </ul>
  );
}

function errorHref(error: TraceError): string {
  if (!error.issue) return `/app/discover?q=${encodeURIComponent(`from errors id:${error.event_id}`)}`;
  return `/app/issues/${encodeURIComponent(error.issue)}/events/${encodeURIComponent(error.event_id)}`;
}

interface SpanDocument {
  span_id: string;
  attributes: { name: string; value: string; chars: number }[];
}

/** The span's own attributes, asked for when it is opened; long ones come clipped, and whole on demand. */
function Attributes({ state, span }: { state: TraceState; span: string }): React.ReactElement {
  const { trace } = state;
  const [found, setFound] = React.useState<SpanDocument["attributes"] | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [whole, setWhole] = React.useState("");
  React.useEffect(() => {
    const controller = new AbortController();
    const query: Record<string, string> = { ...period(trace, 1_000), ...(whole ? { whole } : {}) };
    get<SpanDocument>(`traces/${trace.trace_id}/spans/${span}`, { query, signal: controller.signal })
      .then(({ attributes }) => setFound(attributes))
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [trace, span, whole]);
  return (
    <section className="span-section" aria-busy={found === null && problem === null}>
      <h3>Attributes</h3>
      {problem ? <ProblemBox problem={problem} retry={null} /> : null}
      {found === null && problem === null ? <div className="skeleton attribute-skeleton" /> : null}
      {found?.length === 0 ? <p className="muted">The span was sent without attributes.</p> : null}
      {found && found.length > 0 ? (
        <dl className="facts">
          {found.map(({ name, value, chars }) => (
            <div key={name}>
              <dt title={name}>
                <bdi>{name}</bdi>
              </dt>
              <dd className="mono">
                <bdi className="attribute-value">{value}</bdi>
                {chars > value.length && whole !== name ? (
                  <>
                    …{" "}
                    <button type="button" className="link-button" onClick={() => setWhole(name)}>
                      show all {formatShort(chars)} characters
                    </button>
                  </>
                ) : null}
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </section>
  );
}
