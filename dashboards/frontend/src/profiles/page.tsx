// The page of profiles: asks for the stacks, and shows them as flame graph, by first sight, around a function, or as a table.
import * as React from "react";

import { askEarly, getEarly } from "../core/early.ts";
import { formatNumber, formatRatio } from "../core/format.ts";
import { useShortcuts, useKeyTitle } from "../core/keys.ts";
import { painted } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { token } from "../core/theme.ts";
import { changePage, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { usePalette } from "../trace/canvas.ts";
import { colourMap } from "../trace/colours.ts";
import { Choices, Transactions } from "./choose.tsx";
import type { FlamePalette } from "./draw.ts";
import { FlameGraph, weightText } from "./graph.tsx";
import { type FlameDocument, framesOf, matchedShare, matching, partsOf, place, sandwich } from "./model.ts";
import { flameQuery, type Mode, type Wanted, wantedOf } from "./question.ts";
import { TopTable } from "./table.tsx";

interface Asked {
  document: FlameDocument | null;
  problem: Problem | null;
  waiting: boolean;
  retry: () => void;
}

askEarly(({ pathname, state }, before) => {
  const wanted = wantedOf(state.page);
  // The period before depends on the clock: what would be asked now is not what the page asks in a moment.
  const steady = wanted.against !== "previous" || state.start !== "";
  return pathname === "/app/profiles" && pathname !== before && steady ? { path: "profiles/flame", query: flameQuery(state, wanted, Date.now()) } : null;
});

function useFlame(): Asked {
  const { state } = useUrl();
  const wanted = wantedOf(state.page);
  const key = JSON.stringify([state.projects, state.environments, state.range, state.start, state.end, wanted.q, wanted.release, wanted.against, wanted.base]);
  const [asked, setAsked] = React.useState<{ document: FlameDocument | null; problem: Problem | null; waiting: boolean }>({ document: null, problem: null, waiting: true });
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setAsked((now) => ({ ...now, waiting: true }));
    getEarly<FlameDocument>("profiles/flame", flameQuery(state, wanted, Date.now()), { signal: controller.signal })
      .then((document) => setAsked({ document, problem: null, waiting: false }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setAsked({ document: null, problem: asProblem(error), waiting: false });
      });
    return () => controller.abort();
  }, [key, tries]);
  return { ...asked, retry: () => setTries(tries + 1) };
}

/** The page `/app/profiles`. */
export function Profiles(): React.ReactElement {
  const { state } = useUrl();
  const wanted = wantedOf(state.page);
  const asked = useFlame();
  return (
    <section className="flame-page" aria-label="Profiles">
      <header className="flame-head">
        <h1>Profiles</h1>
        <Choices wanted={wanted} />
      </header>
      <div className="flame-body">
        <Transactions wanted={wanted} />
        <div className="flame-main" aria-busy={asked.waiting}>
          <Shown asked={asked} wanted={wanted} />
        </div>
      </div>
    </section>
  );
}

function Shown({ asked, wanted }: { asked: Asked; wanted: Wanted }): React.ReactElement {
  const { document, problem } = asked;
  if (problem) return <ProblemBox problem={problem} retry={asked.retry} />;
  if (!document) {
    return (
      <div className="flame-waiting">
        {Array.from({ length: 12 }, (_, i) => (
          <div key={i} className="skeleton flame-skeleton" style={{ width: `${100 - i * 7}%` }} />
        ))}
      </div>
    );
  }
  if (document.total[0] === 0 && !(document.base_total?.[0] ?? 0)) return <Nothing wanted={wanted} />;
  return <Graphs document={document} wanted={wanted} />;
}

function Nothing({ wanted }: { wanted: Wanted }): React.ReactElement {
  const filtered = wanted.q !== "" || wanted.release !== "";
  return (
    <div className="empty">
      <h2>{filtered ? "No profile matches" : "No profiles in this time range"}</h2>
      <p>
        {filtered
          ? "Nothing that was profiled in this time range fits the filter."
          : "Profiles come from clients that sample stacks, such as sentry-sdk with profile_session_sample_rate. Choose a longer time range, or switch profiling on."}
      </p>
      {filtered ? (
        <button type="button" className="button" onClick={() => changePage({ q: "", release: "", vs: "", base: "" })}>
          Show all profiles
        </button>
      ) : null}
    </div>
  );
}

const MODES: readonly (readonly [Mode, string, string])[] = [
  ["flame", "Flame", "Heaviest first"],
  ["first", "First seen", "In the order in which stacks were first seen"],
  ["sandwich", "Sandwich", "Who calls a function, and what it calls"],
  ["top", "Top", "Functions as a table"],
];

function Graphs({ document, wanted }: { document: FlameDocument; wanted: Wanted }): React.ReactElement {
  const keyed = useKeyTitle();
  const palette = useFlamePalette();
  const frames = React.useMemo(() => framesOf(document), [document]);
  const placed = React.useMemo(() => place(frames, wanted.mode === "first" ? "first" : "weight"), [frames, wanted.mode]);
  const labels = React.useMemo(() => document.names.map((name) => partsOf(name).name || "(anonymous)"), [document]);
  const colours = React.useMemo(() => coloursOf(document), [document]);
  const [typed, setTyped] = React.useState(wanted.find);
  const words = React.useDeferredValue(typed);
  const found = React.useMemo(() => matching(document.names, words), [document, words]);
  const [reset, setReset] = React.useState(0);
  const focused = document.names.indexOf(wanted.focus);
  const halves = React.useMemo(() => (wanted.mode === "sandwich" && focused >= 0 ? sandwich(frames, focused) : null), [frames, focused, wanted.mode]);
  const callers = React.useMemo(() => (halves ? place(halves.callers, "weight") : null), [halves]);
  const callees = React.useMemo(() => (halves ? place(halves.callees, "weight") : null), [halves]);
  React.useEffect(() => painted("flame"), [document]);
  useShortcuts([{ keys: "r", label: "Show all of the flame graph", group: "Profiles", run: () => setReset(reset + 1) }]);
  const focus = (name: number): void => changePage({ mode: "sandwich", fn: document.names[name] ?? "" });
  const shared = { names: document.names, labels, colours, in_app: document.in_app, found };
  const graph = { palette, unit: document.unit, focus, reset };
  return (
    <>
      <div className="flame-tools">
        <div className="flame-modes" role="group" aria-label="Show as">
          {MODES.map(([mode, label, title]) => (
            <button key={mode} type="button" className="button quiet" aria-pressed={wanted.mode === mode} title={title} onClick={() => changePage({ mode: mode === "flame" ? "" : mode })}>
              {label}
            </button>
          ))}
        </div>
        <input
          type="search"
          data-query
          aria-label="Search functions"
          placeholder="Search functions"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={() => (typed === wanted.find ? undefined : changePage({ find: typed }, { replace: true }))}
        />
        <span className="muted flame-matched" role="status">
          {found ? `${formatRatio(Math.round(matchedShare(frames, found) * 1000) / 1000)} matched` : ""}
        </span>
        <span className="trace-gap" />
        <button type="button" className="button quiet" title={keyed("Show all", "Profiles", "r")} onClick={() => setReset(reset + 1)}>
          Reset zoom
        </button>
      </div>
      <Facts document={document} />
      {wanted.mode === "top" || (wanted.mode === "sandwich" && !halves) ? (
        <>
          {wanted.mode === "sandwich" ? <p className="flame-hint muted">Choose the function to look around.</p> : null}
          <TopTable frames={frames} names={document.names} unit={document.unit} found={found} focus={focus} />
        </>
      ) : null}
      {wanted.mode === "flame" || wanted.mode === "first" ? <FlameGraph {...graph} label="Flame graph" scene={{ ...shared, placed }} /> : null}
      {callers && callees ? (
        <div className="flame-halves">
          <h2>
            Callers of <bdi className="mono">{labels[focused]}</bdi>
          </h2>
          <FlameGraph {...graph} label="Callers" scene={{ ...shared, placed: callers }} />
          <h2>What it calls</h2>
          <FlameGraph {...graph} label="Callees" scene={{ ...shared, placed: callees }} />
        </div>
      ) : null}
    </>
  );
}

/** What one looks at, and what one must know to read it right. */
function Facts({ document }: { document: FlameDocument }): React.ReactElement {
  const compared = document.base_total !== null;
  return (
    <p className="flame-facts muted">
      <b>{weightText(document.total[0] ?? 0, document.unit)}</b> in {formatNumber(document.samples[0] ?? 0)} samples
      {compared ? (
        <>
          , compared with <b>{weightText(document.base_total![0] ?? 0, document.unit)}</b> in {formatNumber(document.samples[1] ?? 0)}; by share of each:{" "}
          <span className="slower">▲ red is slower</span>, <span className="faster">▼ blue is faster</span>
        </>
      ) : null}
      {document.cut > 0 ? `; ${formatNumber(document.cut)} light frames are left out` : ""}
      {document.truncated ? "; only the heaviest stacks are read" : ""}
    </p>
  );
}

function useFlamePalette(): FlamePalette {
  const palette = usePalette();
  return React.useMemo(() => ({ ...palette, slower: token("error"), faster: token("info") }), [palette]);
}

/** A colour for each name, by its package. */
function coloursOf(document: FlameDocument): number[] {
  const colours = colourMap(document.packages);
  return document.package.map((number) => colours.get(document.packages[number] ?? "") ?? 0);
}
