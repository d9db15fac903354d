// The rows of a Discover text, for pages and parts of pages that only show them.
import * as React from "react";

import { post } from "./api.ts";
import { asProblem, isAbort, type Problem } from "./problem.ts";
import type { Rows } from "./values.ts";

export interface RowsAnswer {
  /** Null until they have come, and when they were refused. */
  rows: Rows | null;
  problem: Problem | null;
}

/** Ask whenever the body differs or `tries` does; what belongs to another body is not shown. A body of null asks nothing. */
export function useRows(body: Record<string, unknown> | null, tries = 0): RowsAnswer {
  const key = body === null ? "" : JSON.stringify(body);
  const [answer, setAnswer] = React.useState<RowsAnswer & { key: string }>({ rows: null, problem: null, key: "" });
  React.useEffect(() => {
    if (key === "") return undefined;
    const controller = new AbortController();
    post<{ rows: Rows }>("query", JSON.parse(key), { signal: controller.signal })
      .then(({ rows }) => setAnswer({ rows, problem: null, key }))
      .catch((error: unknown) => (isAbort(error) ? undefined : setAnswer({ rows: null, problem: asProblem(error), key })));
    return () => controller.abort();
  }, [key, tries]);
  return key !== "" && answer.key === key ? answer : { rows: null, problem: null };
}
