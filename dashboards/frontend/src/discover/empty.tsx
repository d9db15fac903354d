// Where there are no rows: why, what to try, and questions that teach the language.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { replaceSpan } from "../core/codepoints.ts";
import type { Problem } from "../core/problem.ts";
import { rangeLabel, rangeMs } from "../core/time.ts";
import { changeUrl, useUrl } from "../core/url.ts";
import { replacements } from "./language.ts";

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
      <p className="muted">
        Has nothing arrived yet? <a href="/app/welcome">Send your first event</a>.
      </p>
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

interface FailedProps {
  problem: Problem;
  /** The text that was run. */
  text: string;
  onRetry: () => void;
  onRun: (text: string) => void;
}

export function Failed({ problem, text, onRetry, onRun }: FailedProps): React.ReactElement {
  const users = problem.status >= 400 && problem.status < 500;
  const { span } = problem;
  const fixes = span ? replacements(problem.suggestion) : [];
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
      {fixes.map((word) => (
        <button key={word} type="button" className="button" onClick={() => onRun(replaceSpan(text, span!, word))}>
          Use <code>{word}</code>
        </button>
      ))}
      {users ? null : (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
