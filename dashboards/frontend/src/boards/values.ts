// The values variables may take: those that are written down, and those a field has in the time and projects shown.
import * as React from "react";
import { isAbort } from "../core/problem.ts";
import type { FacetsAnswer } from "../discover/model.ts";
import { askShared } from "./ask.ts";
import type { Variable } from "./model.ts";
import { scopeAt } from "./time.ts";
import type { Look } from "./usePanel.ts";
import type { Known } from "./variables.ts";

const MOST = 100;

/** By name; a variable whose values are on their way, or could not be read, is missing. */
export function useKnown(variables: readonly Variable[], look: Look): Known {
  const [found, setFound] = React.useState<Record<string, readonly string[]>>({});
  const fields = variables.filter(({ values }) => values?.kind === "field");
  // Once for a page and its projects: values that change with every refresh would ask every panel anew.
  const { range, start, end, projects, environments } = look.state;
  const key = JSON.stringify([fields, range, start, end, projects, environments]);
  React.useEffect(() => {
    const controller = new AbortController();
    for (const { name, values } of fields) {
      if (values?.kind !== "field") continue;
      const body = { query: `from ${values.dataset}`, fields: [values.field], top: MOST, ...scopeAt(look.state, null, look.now) };
      askShared<FacetsAnswer>("query/facets", body, controller.signal)
        .then(({ facets }) => {
          const read = (facets[0]?.values ?? []).flatMap(({ value }) => (value === null || value === "" ? [] : [String(value)]));
          setFound((before) => ({ ...before, [name]: read }));
        })
        .catch((error: unknown) => {
          if (!isAbort(error)) setFound((before) => ({ ...before, [name]: [] }));
        });
    }
    return () => controller.abort();
  }, [key]);
  return React.useMemo(() => {
    const known: Record<string, readonly string[]> = { ...found };
    for (const { name, values } of variables) if (values?.kind === "list") known[name] = values.values;
    return known;
  }, [found, variables]);
}
