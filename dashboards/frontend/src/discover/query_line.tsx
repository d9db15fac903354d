// The query line with its run button. The editor is loaded when the page is; until then its text stands there already.
import * as React from "react";
import { Latest, post } from "../core/api.ts";
import { lazy } from "../core/lazy.ts";
import { Icon } from "../core/icons.tsx";
import { isAbort } from "../core/problem.ts";
import type { Explanation, Finding } from "./checks.ts";
import type { Editor, EditorOptions, Marking } from "./editor.lazy.ts";
import { newerOf, olderOf } from "./history.ts";
import type { Completions } from "./model.ts";

interface Props {
  text: string;
  /** An error in the text that was run. */
  marking: Marking | null;
  running: boolean;
  scope: Record<string, string | string[]>;
  /** Values of `$name`, as questions take them. */
  params: Record<string, unknown>;
  sql: boolean;
  tables: readonly string[];
  onRun: (text: string) => void;
  onCancel: () => void;
  onDraft: (text: string) => void;
  /** Whether a pasted text is taken over. */
  onPaste: (text: string) => boolean;
}

const HINT = "from errors level:error | summarize n=count() by error.type";
const SQL_HINT = "SELECT release, count() AS n FROM errors GROUP BY release ORDER BY n DESC";

/** What a check of the text needs besides it. */
const checked = ({ scope, params }: Props) => (Object.keys(params).length ? { ...scope, params } : scope);

type Module = { createEditor: (parent: HTMLElement, options: EditorOptions) => Editor };

export function QueryLine(props: Props): React.ReactElement {
  const place = React.useRef<HTMLDivElement>(null);
  const editor = React.useRef<Editor | null>(null);
  const [ready, setReady] = React.useState(false);
  const newest = React.useRef(props);
  newest.current = props;

  React.useEffect(() => {
    let gone = false;
    const questions = new Latest();
    const checks = new Latest();
    const explanations = new Latest();
    lazy<Module>("discover/editor")
      .then(({ createEditor }) => {
        if (gone || !place.current) return;
        editor.current = createEditor(place.current, {
          text: newest.current.text,
          hint: HINT,
          tables: newest.current.tables,
          onRun: (text) => newest.current.onRun(text),
          onChange: (text) => {
            editor.current?.mark(null);
            newest.current.onDraft(text);
          },
          complete: (text, cursor) =>
            questions.run((signal) =>
              post<Completions>("query/complete", { query: text, cursor, language: newest.current.sql ? "sql" : "discover", ...newest.current.scope }, { signal }),
            ),
          check: async (text) =>
            (
              await checks.run((signal) =>
                post<{ diagnostics: Finding[] }>("query/check", { query: text, ...checked(newest.current) }, { signal }),
              )
            )?.diagnostics,
          explain: async (text, cursor) =>
            (
              await explanations.run((signal) =>
                post<{ hover: Explanation | null }>("query/hover", { query: text, cursor }, { signal }),
              )
            )?.hover,
          recall: (direction, text) => (direction < 0 ? olderOf(text) : newerOf(text)),
          onPaste: (text) => newest.current.onPaste(text),
        });
        setReady(true);
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      });
    return () => {
      gone = true;
      for (const asked of [questions, checks, explanations]) asked.cancel();
      editor.current?.destroy();
      editor.current = null;
    };
  }, []);

  React.useEffect(() => {
    if (ready) editor.current?.setLanguage(props.sql, props.sql ? SQL_HINT : HINT);
  }, [props.sql, ready]);
  React.useEffect(() => {
    if (ready) editor.current?.setText(props.text);
  }, [props.text, ready]);
  React.useEffect(() => {
    if (ready) editor.current?.mark(props.marking);
  }, [props.marking, ready]);

  return (
    <div className="query-line" data-query="" data-testid="query-line">
      <div className="query-text">
        <div ref={place} />
        {ready ? null : <div className="query-waiting mono">{props.text}</div>}
      </div>
      <RunButton
        running={props.running}
        onRun={() => props.onRun(editor.current?.text() ?? props.text)}
        onCancel={props.onCancel}
      />
    </div>
  );
}

function RunButton(props: { running: boolean; onRun: () => void; onCancel: () => void }): React.ReactElement {
  // Fast answers would make the button flicker between its two faces.
  const [slow, setSlow] = React.useState(false);
  React.useEffect(() => {
    setSlow(false);
    if (!props.running) return undefined;
    const timer = window.setTimeout(() => setSlow(true), 250);
    return () => window.clearTimeout(timer);
  }, [props.running]);
  return slow ? (
    <button type="button" className="button" data-testid="cancel" onClick={props.onCancel} title="Cancel the query">
      <Icon name="stop" />
      Cancel
    </button>
  ) : (
    <button type="button" className="button primary" data-testid="run" onClick={props.onRun} title="Run the query (Enter)">
      <Icon name="play" />
      Run
    </button>
  );
}
