// The threads of an event: one chosen, the others a menu away.
import * as React from "react";

import { Stack } from "./exceptions.tsx";
import { firstThread, type Thread } from "./event.ts";
import { Section } from "./facts.tsx";

export function Threads({ threads, folded }: { threads: readonly Thread[]; folded: boolean }): React.ReactElement {
  const [at, setAt] = React.useState(() => firstThread(threads));
  const thread = threads[at];
  return (
    <Section title="Threads" count={threads.length} folded={folded}>
      {threads.length > 1 ? (
        <select aria-label="Thread" className="thread-select" value={at} onChange={(event) => setAt(Number(event.target.value))}>
          {threads.map((each, i) => (
            <option key={i} value={i}>
              {threadLabel(each)}
            </option>
          ))}
        </select>
      ) : null}
      {thread ? <Stack key={at} frames={thread.frames} open /> : null}
    </Section>
  );
}

function threadLabel(thread: Thread): string {
  const marks = [thread.crashed ? "crashed" : "", thread.current ? "current" : "", thread.state, thread.frames.length === 0 ? "no frames" : `${thread.frames.length} frames`];
  const name = thread.name.slice(0, 80) || `Thread ${thread.id.slice(0, 40)}`;
  return `${name} (${marks.filter((mark) => mark !== "").join(", ")})`;
}
