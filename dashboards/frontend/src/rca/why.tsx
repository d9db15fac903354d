// "Why?" in Discover: the root cause of what the question shows, over the range that is shown, or over a box of its chart.
import * as React from "react";

import { Dialog } from "../core/dialog.tsx";
import { Icon } from "../core/icons.tsx";
import { apiBody } from "../core/search.ts";
import { currentUrl } from "../core/url.ts";
import { RootCause } from "./panel.tsx";
import type { Subject } from "./model.ts";

/** The scope of the bar with a question, and with a time of its own when one is given. */
export function asked(text: string, time: { start: string; end: string } | null): Subject {
  const { range, start, end, ...scope } = apiBody(currentUrl().state) as Subject;
  return { query: text, ...scope, ...(time ?? (start && end ? { start, end } : range ? { range } : {})) };
}

export function WhyDialog({ subject, onClose }: { subject: Subject; onClose: () => void }): React.ReactElement {
  return (
    <Dialog title="Why?" open onClose={onClose}>
      <div className="rca-dialog">
        <RootCause subject={subject} now />
      </div>
    </Dialog>
  );
}

export function WhyTool({ text, sql }: { text: string; sql: boolean }): React.ReactElement | null {
  const [subject, setSubject] = React.useState<Subject | null>(null);
  if (sql) return null;
  return (
    <>
      <button type="button" className="button quiet small" title="Find the root cause of what is shown: drag over the chart first to choose the time" onClick={() => setSubject(asked(text, null))}>
        <Icon name="help" />
        Why?
      </button>
      {subject ? <WhyDialog subject={subject} onClose={() => setSubject(null)} /> : null}
    </>
  );
}

/** The same for a box that is drawn over a chart. */
export function WhyBox({ start, end }: { start: string; end: string }): React.ReactElement {
  const [subject, setSubject] = React.useState<Subject | null>(null);
  const text = (): string => (currentUrl().state.page.q ?? "").replace(/\|\s*heatmap\b[^|]*/, "").trim() || "from errors";
  return (
    <>
      <button type="button" className="button small" onClick={() => setSubject(asked(text(), { start, end }))}>
        Why?
      </button>
      {subject ? <WhyDialog subject={subject} onClose={() => setSubject(null)} /> : null}
    </>
  );
}
