// What the list shows instead of rows: skeletons, an error with a retry, and empty states that teach.
import * as React from "react";

import { get } from "../core/api.ts";
import type { Problem } from "../core/problem.ts";
import type { UrlState } from "../core/search.ts";
import { CopyButton } from "./copy.tsx";
import { describeFilters, readFilters } from "./filters.ts";

/** Grey rows while the first answer is on its way. */
export function Skeletons({ height, count }: { height: number; count: number }): React.ReactElement {
  return (
    <div className="issue-skeletons" aria-hidden="true">
      {Array.from({ length: count }, (_, i) => (
        <div key={i} className="issue-skeleton" style={{ height }}>
          <div className="skeleton" style={{ width: `${38 + ((i * 17) % 40)}%` }} />
          <div className="skeleton thin" style={{ width: `${18 + ((i * 29) % 30)}%` }} />
        </div>
      ))}
    </div>
  );
}

/** What went wrong, what to do about it, and the code to quote. */
export function ProblemBox({ problem, retry }: { problem: Problem; retry: (() => void) | null }): React.ReactElement {
  return (
    <div className="problem page-problem" role="alert">
      <strong>{problem.message}</strong>
      {problem.hint ? <span>{problem.hint}</span> : null}
      {problem.suggestion && problem.suggestion !== problem.hint ? <span>Did you mean {problem.suggestion}?</span> : null}
      <span className="muted">
        <code>{problem.code}</code>
        {problem.requestId ? <code> · {problem.requestId}</code> : null}
      </span>
      {retry ? (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}

interface EmptyProps {
  state: UrlState;
  me: string;
  clear: () => void;
  widen: () => void;
}

/** No rows: nothing was ever sent, or nothing matches - and then what filters. */
export function EmptyList({ state, me, clear, widen }: EmptyProps): React.ReactElement {
  const ever = useEverSeen();
  if (ever === null) return <div className="empty" aria-busy="true" />;
  if (!ever) return <NothingYet />;
  const filters = readFilters(state.page);
  const calm = filters.tab === "unresolved" && filters.q === "";
  return (
    <div className="empty">
      <h2>{calm ? "Nothing unresolved" : "Nothing matches"}</h2>
      <p>
        No issue had an event that matches{" "}
        {describeFilters(state, me).map((part, i) => (
          <React.Fragment key={part}>
            {i > 0 ? " · " : null}
            <code>{part}</code>
          </React.Fragment>
        ))}
        .
      </p>
      <div className="empty-acts">
        {state.range === "30d" || state.start ? null : (
          <button type="button" className="button" onClick={widen}>
            Look at 30 days
          </button>
        )}
        {filters.q !== "" || filters.tab !== "all" || state.projects.length + state.environments.length > 0 ? (
          <button type="button" className="button" onClick={clear}>
            Clear all filters
          </button>
        ) : null}
      </div>
    </div>
  );
}

/** Whether any issue exists at all; null until that is known. */
function useEverSeen(): boolean | null {
  const [ever, setEver] = React.useState<boolean | null>(null);
  React.useEffect(() => {
    const controller = new AbortController();
    get<{ items: unknown[] }>("issues", { query: { query: "", range: "30d", limit: "1" }, signal: controller.signal })
      .then((page) => setEver(page.items.length > 0))
      .catch(() => {
        if (!controller.signal.aborted) setEver(true);
      });
    return () => controller.abort();
  }, []);
  return ever;
}

interface ProjectFacts {
  slug: string;
  name: string;
  dsn?: string;
}

function NothingYet(): React.ReactElement {
  const [projects, setProjects] = React.useState<readonly ProjectFacts[]>([]);
  React.useEffect(() => {
    const controller = new AbortController();
    get<{ items: ProjectFacts[] }>("projects", { signal: controller.signal })
      .then((page) => setProjects(page.items))
      .catch(() => undefined); // the way to the snippets below does not depend on it
    return () => controller.abort();
  }, []);
  const dsn = projects.find((project) => project.dsn)?.dsn ?? "";
  return (
    <div className="empty">
      <h2>No error has arrived yet</h2>
      <p>An issue is a group of equal errors. The first appears here seconds after a program sends it.</p>
      {dsn ? (
        <div className="empty-dsn">
          <span className="muted">Point any Sentry SDK at this DSN:</span>
          <code>{dsn}</code>
          <CopyButton text={dsn} label="Copy DSN" />
        </div>
      ) : null}
      <a className="button primary" href="/app/welcome">
        Set up a program
      </a>
    </div>
  );
}
