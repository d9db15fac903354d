// Where there are no rows: why, what to try, and questions that teach the language.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import type { Problem } from "../core/problem.ts";
import { rangeLabel, rangeMs } from "../core/time.ts";
import { changeUrl, useUrl } from "../core/url.ts";

export interface Example {
  title: string;
  text: string;
  teaches: string;
}

const WIDER = ["24h", "7d", "30d"];

export function NoRows(props: { examples: readonly Example[]; onTry: (text: string) => void }): React.ReactElement {
  const { state } = useUrl();
  const shown = rangeMs(state.range || "24h") ?? 0;
  const wider = state.start ? ["7d", "30d"] : WIDER.filter((range) => (rangeMs(range) ?? 0) > shown);
  return (
    <div className="empty discover-empty">
      <h2>Nothing matched</h2>
      <p>No rows in this time range, with these projects and environments.</p>
      <div className="empty-actions">
        {wider.map((range) => (
          <button key={range} type="button" className="button" onClick={() => changeUrl({ range, start: "", end: "" })}>
            <Icon name="clock" />
            {rangeLabel(range)}
          </button>
        ))}
        {state.projects.length || state.environments.length ? (
          <button type="button" className="button" onClick={() => changeUrl({ projects: [], environments: [] })}>
            All projects and environments
          </button>
        ) : null}
      </div>
      <Examples {...props} />
    </div>
  );
}

export function Examples(props: { examples: readonly Example[]; onTry: (text: string) => void }): React.ReactElement {
  return (
    <ul className="examples">
      {props.examples.map((example) => (
        <li key={example.text}>
          <button type="button" onClick={() => props.onTry(example.text)}>
            <strong>{example.title}</strong>
            <code>{example.text}</code>
            <span className="muted">{example.teaches}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Failed({ problem, onRetry }: { problem: Problem; onRetry: () => void }): React.ReactElement {
  const users = problem.status >= 400 && problem.status < 500;
  return (
    <div className="discover-problem">
      <div className="problem" role="alert" data-testid="problem">
        <strong>{problem.message}</strong>
        {problem.hint ? <span>{problem.hint}</span> : null}
        <code className="muted">
          {problem.code}
          {problem.requestId ? ` · ${problem.requestId}` : ""}
        </code>
      </div>
      {users ? null : (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
