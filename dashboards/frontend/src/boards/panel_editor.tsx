// The dialog that makes or changes a panel: its query with completion, its picture, and how it looks with them.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { apiBody } from "../core/search.ts";
import { QueryLine } from "../discover/query_line.tsx";
import { RANGES } from "./settings.tsx";
import { type Panel, type Picture, PICTURES, type Variable } from "./model.ts";
import { PanelView } from "./panel.tsx";
import type { Look } from "./usePanel.ts";
import { boundOf, type Chosen, type Known } from "./variables.ts";

interface Props {
  panel: Panel;
  fresh: boolean;
  variables: readonly Variable[];
  chosen: Chosen;
  known: Known;
  look: Look;
  onClose: () => void;
  onKeep: (panel: Panel) => void;
}

const NOBODY = { onBrush: () => undefined, onDone: () => undefined };

export function PanelEditor({ panel, fresh, variables, chosen, known, look, onClose, onKeep }: Props): React.ReactElement {
  const [draft, setDraft] = React.useState(panel);
  /** What the preview asks: the text as it was run last. */
  const [shown, setShown] = React.useState(panel);
  const form = React.useId();
  const change = (part: Partial<Panel>) => {
    setDraft({ ...draft, ...part });
    if (part.text === undefined) setShown({ ...shown, ...part });
  };
  const bound = boundOf(shown, variables, chosen, known);
  const run = (text: string) => {
    setDraft((before) => ({ ...before, text }));
    setShown((before) => ({ ...before, text }));
  };
  const footer = (
    <>
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" form={form} className="button primary" disabled={draft.text.trim() === ""}>
        {fresh ? "Add" : "Keep"}
      </button>
    </>
  );
  return (
    <Dialog title={fresh ? "Add a panel" : "Edit the panel"} open onClose={onClose} footer={footer}>
      <form
        id={form}
        className="board-editor"
        onSubmit={(event) => {
          event.preventDefault();
          onKeep({ ...draft, title: draft.title.trim() });
        }}
      >
        <label className="field">
          Title
          <input type="text" value={draft.title} maxLength={200} autoFocus onChange={(event) => change({ title: event.target.value })} />
        </label>
        <Pictures picture={draft.picture} onChange={(picture) => change({ picture })} />
        <div className="field">
          <span>Query</span>
          <QueryLine
            text={panel.text}
            marking={null}
            running={false}
            scope={apiBody(look.state)}
            params={bound.params}
            sql={false}
            tables={[]}
            onRun={run}
            onCancel={() => undefined}
            onDraft={(text) => setDraft((before) => ({ ...before, text }))}
            onPaste={() => false}
          />
        </div>
        <label className="field">
          Time range
          <select value={draft.range ?? ""} onChange={(event) => change({ range: event.target.value || null })}>
            <option value="">As the dashboard</option>
            {RANGES.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          What it shows, in a sentence
          <input type="text" value={draft.description} maxLength={2000} onChange={(event) => change({ description: event.target.value })} />
        </label>
      </form>
      <section className="board-preview" aria-label="Preview">
        {shown.text !== draft.text ? (
          <button type="button" className="button small" onClick={() => run(draft.text)}>
            Show how it looks now
          </button>
        ) : null}
        {shown.text.trim() ? <PanelView panel={shown} bound={bound} look={look} shares="preview" acts={null} grip={null} {...NOBODY} /> : null}
      </section>
    </Dialog>
  );
}

function Pictures({ picture, onChange }: { picture: Picture; onChange: (picture: Picture) => void }): React.ReactElement {
  const chosen = PICTURES.find(({ key }) => key === picture)!;
  return (
    <fieldset className="board-pictures">
      <legend>Picture</legend>
      <div>
        {PICTURES.map(({ key, label }) => (
          <label key={key} className={key === picture ? "chosen" : ""}>
            <input type="radio" name="picture" value={key} checked={key === picture} onChange={() => onChange(key)} />
            {label}
          </label>
        ))}
      </div>
      <p className="muted">{chosen.hint}</p>
    </fieldset>
  );
}
