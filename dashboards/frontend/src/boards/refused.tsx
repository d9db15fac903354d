// What the server refused of a form: the sentence, and each member that is wrong.
import * as React from "react";
import type { Problem } from "../core/problem.ts";

export function Refused({ problem }: { problem: Problem | null }): React.ReactElement | null {
  if (!problem) return null;
  return (
    <div className="problem" role="alert">
      <strong>{problem.errors.length ? "Some of it cannot be saved." : problem.message}</strong>
      {problem.errors.length ? (
        <ul className="board-faults">
          {problem.errors.slice(0, 20).map(({ field, detail }, place) => (
            <li key={place}>
              <code>{field}</code> {detail}
            </li>
          ))}
        </ul>
      ) : problem.hint ? (
        <span>{problem.hint}</span>
      ) : null}
      <code className="muted">{problem.code}</code>
    </div>
  );
}
