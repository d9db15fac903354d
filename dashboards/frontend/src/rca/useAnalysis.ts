// One analysis: asked, followed while it runs, cancelled.
import * as React from "react";

import { get, post, request } from "../core/api.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import type { Analysis, Subject } from "./model.ts";

export interface Running {
  answered: number;
  last: string;
  elapsed_ms: number;
}

export interface Asked {
  analysis: Analysis | null;
  problem: Problem | null;
  running: Running | null;
  ask: () => void;
  cancel: () => void;
}

const LOOK_MS = 700;
/** By then the server knows of it, and what is quick has been answered. */
const FIRST_LOOK_MS = 1_200;
const START: Running = { answered: 0, last: "", elapsed_ms: 0 };

const nameOf = (): string => `page-${crypto.getRandomValues(new Uint32Array(3)).join("-")}`;

/** An analysis of a subject, asked when `ask` is called; a page that is left cancels what still runs. */
export function useAnalysis(subject: Subject): Asked {
  const [analysis, setAnalysis] = React.useState<Analysis | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [running, setRunning] = React.useState<Running | null>(null);
  const current = React.useRef<{ run: string; controller: AbortController } | null>(null);
  const stop = (): void => {
    const at = current.current;
    if (!at) return;
    current.current = null;
    at.controller.abort();
    void request("DELETE", `rca/${at.run}`).catch(() => undefined); // it may have ended meanwhile
  };
  React.useEffect(() => stop, []);
  const ask = (): void => {
    stop();
    const run = nameOf();
    const controller = new AbortController();
    current.current = { run, controller };
    setProblem(null);
    setAnalysis(null);
    setRunning(START);
    const over = (): boolean => current.current?.run !== run;
    let timer = 0;
    const look = (): void => {
      // One at a time, and none after one that failed: then it has ended, and the answer itself says how.
      get<Running>(`rca/${run}/progress`, { signal: controller.signal })
        .then((far) => {
          if (over()) return;
          setRunning(far);
          timer = window.setTimeout(look, LOOK_MS);
        })
        .catch(() => undefined);
    };
    timer = window.setTimeout(look, FIRST_LOOK_MS);
    post<Analysis>("rca", { ...subject, run }, { signal: controller.signal })
      .then((found) => (over() ? undefined : setAnalysis(found)))
      .catch((error: unknown) => (over() || isAbort(error) ? undefined : setProblem(asProblem(error))))
      .finally(() => {
        window.clearTimeout(timer);
        if (over()) return;
        current.current = null;
        setRunning(null);
      });
  };
  const cancel = (): void => {
    stop();
    setRunning(null);
  };
  return { analysis, problem, running, ask, cancel };
}
