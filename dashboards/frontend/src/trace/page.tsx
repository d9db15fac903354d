// The page of a trace: fetches the document, and holds what is folded, filtered, zoomed and chosen.
import * as React from "react";

import { askEarly, getEarly } from "../core/early.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { painted } from "../core/painted.ts";
import { changePage, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { usePalette } from "./canvas.ts";
import { colourOf } from "./draw.ts";
import { Drawer } from "./drawer.tsx";
import { TraceHead, TraceTools } from "./head.tsx";
import { Minimap } from "./minimap.tsx";
import type { TraceDocument } from "./model.ts";
import { SpanTable } from "./table.tsx";
import { useTraceKeys } from "./keys.ts";
import { type TraceState, useTrace } from "./useTrace.ts";
import { Waterfall } from "./waterfall.tsx";

const landingQuery = (span: string): [string, string][] => (span ? [["span", span]] : []);

askEarly(({ pathname, state }, before) => {
  const trace_id = /^\/app\/traces\/([^/]+)$/.exec(pathname)?.[1];
  return trace_id && pathname !== before ? { path: `traces/${trace_id}`, query: landingQuery(state.page.span ?? "") } : null;
});

/** The page `/app/traces/<trace_id>`; `?span=` names the span it lands on. */
export function TraceView({ trace_id }: { trace_id: string }): React.ReactElement {
  const { state } = useUrl();
  // The span of the address when the page opened decides the window of a large trace; choosing another later does not ask anew.
  const landing = React.useRef(state.page.span ?? "");
  const [trace, setTrace] = React.useState<TraceDocument | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setProblem(null);
    getEarly<TraceDocument>(`traces/${trace_id}`, landingQuery(landing.current), { signal: controller.signal })
      .then(setTrace)
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [trace_id, tries]);
  if (problem) return <Failed problem={problem} trace_id={trace_id} retry={() => setTries(tries + 1)} />;
  if (trace === null) return <Waiting />;
  return <Loaded key={trace.trace_id + trace.version} trace={trace} span={state.page.span ?? ""} reload={() => setTries(tries + 1)} />;
}

function Waiting(): React.ReactElement {
  return (
    <div className="trace-page" aria-busy="true">
      <div className="skeleton trace-skeleton-head" />
      <div className="skeleton trace-skeleton-map" />
      {Array.from({ length: 14 }, (_, i) => (
        <div key={i} className="skeleton trace-skeleton-row" style={{ marginLeft: `${(i * 7) % 40}%`, width: `${20 + ((i * 13) % 40)}%` }} />
      ))}
    </div>
  );
}

function Failed({ problem, trace_id, retry }: { problem: Problem; trace_id: string; retry: () => void }): React.ReactElement {
  if (problem.status !== 404) {
    return (
      <div className="trace-page">
        <ProblemBox problem={problem} retry={retry} />
      </div>
    );
  }
  return (
    <div className="empty">
      <h2>No span of this trace is stored</h2>
      <p>
        <code>{trace_id}</code>
      </p>
      <p>
        The program may not send traces, the trace may have been left out by its sampling, it may be older than what is
        kept, or it is in a project you may not see.
      </p>
      <div className="empty-acts">
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
        <a className="button" href={`/app/discover?q=${encodeURIComponent(`from errors trace:${trace_id}`)}&range=30d`}>
          Errors of this trace
        </a>
      </div>
    </div>
  );
}

function Loaded({ trace, span, reload }: { trace: TraceDocument; span: string; reload: () => void }): React.ReactElement {
  const state = useTrace(trace, span);
  const palette = usePalette();
  useTraceKeys(state);
  React.useEffect(() => painted("trace"), [trace]);
  const { scene } = state;
  return (
    <section className="trace-page" aria-label="Trace">
      <TraceHead state={state} />
      <TraceTools state={state} />
      <Notices state={state} span={span} reload={reload} />
      {scene.tree.size > 0 ? <Minimap scene={scene} overview={trace.overview} duration_ns={trace.duration_ns} palette={palette} show={state.show} /> : null}
      <div className={state.open ? "trace-body with-drawer" : "trace-body"}>
        {state.table ? (
          <SpanTable scene={scene} choose={state.choose} need={state.need} />
        ) : (
          <Waterfall scene={scene} duration_ns={trace.duration_ns} palette={palette} acts={state} />
        )}
        {state.open && scene.chosen >= 0 ? <Drawer key={scene.chosen} state={state} row={scene.chosen} colour={colourOf(scene, scene.chosen)} /> : null}
      </div>
    </section>
  );
}

/** What one must know to read the trace right. */
function Notices({ state, span, reload }: { state: TraceState; span: string; reload: () => void }): React.ReactElement | null {
  const { trace, problem } = state;
  const count = (n: number): string => n.toLocaleString("en");
  const lost = span !== "" && trace.count > 0 && trace.landed < 0 && state.scene.chosen < 0;
  const notes: string[] = [];
  if (trace.count === 0) notes.push("No span of this trace is stored, only its errors.");
  if (trace.truncated) notes.push(`The trace has more spans than are read: the first ${count(trace.count)} are shown.`);
  if (trace.missing_parents > 0) notes.push(`${count(trace.missing_parents)} ${trace.missing_parents === 1 ? "span names a parent" : "spans name parents"} that was not stored (sampled out, or still on the way); they stand at the top level.`);
  if (lost) notes.push(`The span ${span.slice(0, 32)} of the address is not stored.`);
  if (problem) notes.push(`${problem.message} ${problem.hint}`.trim());
  if (notes.length === 0 && !state.outdated) return null;
  return (
    <div className="trace-notes" role="note">
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
      {state.outdated ? (
        <p>
          More spans of this trace have come since.{" "}
          <button type="button" className="link-button" onClick={reload}>
            Show them
          </button>
        </p>
      ) : null}
      {lost ? (
        <button type="button" className="link-button" onClick={() => changePage({ span: "" }, { replace: true })}>
          Show the trace from its start
        </button>
      ) : null}
    </div>
  );
}
