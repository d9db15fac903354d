// What a panel of an issue's page fetches after the page.
import * as React from "react";

import { get } from "../core/api.ts";
import { afterPaint } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";

export interface Fetched<T> {
  document: T | null;
  problem: Problem | null;
  retry: () => void;
}

/** The document below /api/v1, or what went wrong; `retry` asks again. It is asked for when the page itself stands. */
export function useFetched<T>(path: string): Fetched<T> {
  const [document, setDocument] = React.useState<T | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setProblem(null);
    afterPaint()
      .then(() => (controller.signal.aborted ? null : get<T>(path, { signal: controller.signal })))
      .then((found) => found && setDocument(found))
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [path, tries]);
  return { document, problem, retry: () => setTries(tries + 1) };
}
