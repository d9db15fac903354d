// Keeps a page fresh while somebody looks at it.
import * as React from "react";
import { refreshPage } from "../core/refresh.ts";

export function Refresher({ seconds, at }: { seconds: number; at: string }): React.ReactElement {
  const [paused, setPaused] = React.useState(false);
  const [late, setLate] = React.useState(false);
  React.useEffect(() => {
    setLate(false);
    const overdue = window.setTimeout(() => setLate(true), seconds * 4000);
    return () => window.clearTimeout(overdue);
  }, [at, seconds]);
  React.useEffect(() => {
    if (paused) return undefined;
    const timer = window.setInterval(() => {
      if (document.visibilityState === "visible" && !document.querySelector("dialog[open]")) refreshPage();
    }, seconds * 1000);
    return () => window.clearInterval(timer);
  }, [paused, seconds]);
  const text = paused ? "Paused" : late ? "No answer for a while" : `Every ${seconds} s`;
  return (
    <span className={`refresher${paused || late ? "" : " refresher-live"}`}>
      <span className="refresher-dot" aria-hidden="true" />
      <span className="set-dim">{text}</span>
      <button type="button" className="button quiet" onClick={() => setPaused(!paused)}>
        {paused ? "Go on" : "Pause"}
      </button>
    </span>
  );
}
