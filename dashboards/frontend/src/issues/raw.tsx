// The event as it was sent, fetched only when asked for and shown as text.
import * as React from "react";

import { API, get } from "../core/api.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { formatBytes } from "../core/format.ts";
import { CopyButton } from "./copy.tsx";
import { ProblemBox } from "./empty.tsx";

/** Characters put on the page; all of it can be copied and downloaded. */
const MOST = 200_000;

export function RawEvent({ url, event }: { url: string; event: string }): React.ReactElement {
  const [asked, setAsked] = React.useState(false);
  const [text, setText] = React.useState<string | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  React.useEffect(() => {
    setText(null);
    setProblem(null);
    if (!asked || !url.startsWith(API)) return undefined;
    const controller = new AbortController();
    get<unknown>(url.slice(API.length), { signal: controller.signal })
      .then((document) => setText(JSON.stringify(document, null, 2)))
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [asked, url]);
  const download = (): void => {
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob([text ?? ""], { type: "application/json" }));
    link.href = address;
    link.download = `${event.replace(/[^0-9a-f-]/giu, "")}.json`;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  return (
    <details className="event-section card" onToggle={(toggled) => setAsked(toggled.currentTarget.open)}>
      <summary>
        <h2>Raw JSON</h2>
      </summary>
      <div className="body">
        {problem ? <ProblemBox problem={problem} retry={null} /> : null}
        {asked && text === null && !problem ? <div className="skeleton raw-skeleton" /> : null}
        {text === null ? null : (
          <>
            <div className="raw-acts">
              <span className="muted">{formatBytes(new Blob([text]).size)}</span>
              <CopyButton text={text} label="Copy" said="JSON copied." />
              <button type="button" className="button quiet" onClick={download}>
                Download
              </button>
            </div>
            <pre className="raw" tabIndex={0} aria-label="Raw JSON of the event">
              {text.slice(0, MOST)}
              {text.length > MOST ? "\n… copy or download the event to see the rest." : ""}
            </pre>
          </>
        )}
      </div>
    </details>
  );
}
