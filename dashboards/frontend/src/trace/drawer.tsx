// Beside the waterfall: everything about the chosen span.
import * as React from "react";

import { post } from "../core/api.ts";
import { formatDuration, formatRatio } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { useHref } from "../core/url.ts";
import { Clip } from "../issues/clip.tsx";
import { CopyButton } from "../issues/copy.tsx";
import { ProblemBox } from "../issues/empty.tsx";
import { Facts } from "../issues/facts.tsx";
import { useExact } from "../issues/time.tsx";
import { attributesOf } from "./attributes.ts";
import { isFailure, type TraceDocument, type TraceError, type Tree } from "./model.ts";

interface DrawerProps {
  trace: TraceDocument;
  tree: Tree;
  row: number;
  /** Number of the colour of the span's service. */
  colour: number;
  choose: (row: number) => void;
  close: () => void;
}

export function Drawer({ trace, tree, row, colour, choose, close }: DrawerProps): React.ReactElement {
  const { columns } = trace;
  const span = tree.order[row]!;
  const id = columns.span_id[span] ?? "";
  const status = columns.status[span] ?? "";
  const parent = tree.parent[row]!;
  const href = useHref();
  const errors = trace.errors.filter((error) => error.span_id === id);
  const question = `from spans trace:${trace.trace_id} id:${id}`;
  return (
    <aside className="span-drawer" aria-label="Span">
      <header>
        <span className={`service-dot service-${colour}`} aria-hidden="true" />
        <h2>
          <bdi>{(columns.op[span] || "span").slice(0, 120)}</bdi>
        </h2>
        <button type="button" className="button quiet icon" aria-label="Close" title="Close (Escape)" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="span-body">
        <Clip text={columns.description[span] ?? ""} as="p" className="span-description mono" />
        {errors.length > 0 ? <ErrorList errors={errors} /> : null}
        <dl className="facts">
          <Fact name="Service" value={columns.service[span] || "–"} />
          <Fact name="Project" value={columns.project[span] || "–"} />
          <Fact name="Status" value={status || "–"} bad={isFailure(status)} />
          <Fact name="Duration" value={`${formatDuration(columns.duration_ns[span] ?? 0)} (${share(columns.duration_ns[span] ?? 0, trace.duration_ns)} of the trace)`} />
          <Fact name="Self time" value={formatDuration(columns.self_ns[span] ?? 0)} />
          <Fact name="Starts" value={columns.start_ns[span] ? `${formatDuration(columns.start_ns[span])} after the trace` : "with the trace"} />
          <Fact name="Children" value={`${tree.children[row]!}, ${tree.end[row]! - row - 1} below`} />
          <div>
            <dt>Span id</dt>
            <dd className="mono">{id}</dd>
          </div>
        </dl>
        <div className="span-acts">
          {parent >= 0 ? (
            <button type="button" className="button quiet" onClick={() => choose(parent)}>
              Go to parent
            </button>
          ) : null}
          <CopyButton text={() => window.location.href} label="Copy link" said="Link copied." />
          <a className="button quiet" href={href(`/app/discover?q=${encodeURIComponent(question)}`)}>
            Discover
          </a>
        </div>
        <Attributes key={id} trace={trace} span={id} />
      </div>
    </aside>
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

interface QueryRows {
  columns: { name: string }[];
  rows: unknown[][];
}

/** The span's own attributes: asked by a Discover text, from the time of the trace only. */
function Attributes({ trace, span }: { trace: TraceDocument; span: string }): React.ReactElement {
  const [found, setFound] = React.useState<[string, unknown][] | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const exact = useExact();
  React.useEffect(() => {
    const controller = new AbortController();
    post<QueryRows>("query", attributeQuestion(trace, span), { signal: controller.signal })
      .then(({ rows }) => setFound(rows[0] ? attributesOf(rows[0][0]) : []))
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [trace, span]);
  return (
    <section className="span-attributes" aria-busy={found === null && problem === null}>
      <h3>Attributes</h3>
      {problem ? <ProblemBox problem={problem} retry={null} /> : null}
      {found === null && problem === null ? <div className="skeleton attribute-skeleton" /> : null}
      {found?.length === 0 ? <p className="muted">The span was sent without attributes at {exact(startOf(trace))}.</p> : null}
      {found && found.length > 0 ? <Facts rows={found} /> : null}
    </section>
  );
}

const MILLION = 1_000_000n;

/** RFC 3339 of nanoseconds since 1970, which are more than a number holds. */
function moment(ns: bigint, later_ms: number): string {
  return new Date(Number(ns / MILLION) + later_ms).toISOString();
}

function startOf(trace: TraceDocument): string {
  return moment(BigInt(trace.start_ns || "0"), 0);
}

/** The request for one span; the range is the trace's with a second on both sides. */
export function attributeQuestion(trace: TraceDocument, span: string): Record<string, unknown> {
  const begin = BigInt(trace.start_ns || "0");
  return {
    query: "from spans | where trace = $trace and id = $span | project payload | limit 1",
    params: { trace: trace.trace_id, span },
    start: moment(begin, -1_000),
    end: moment(begin + BigInt(Math.ceil(trace.duration_ns)), 1_000),
  };
}
