// What is one issue: the button that merges, and the panel that lists what belongs together, takes it out and takes that back.
import * as React from "react";

import { post } from "../core/api.ts";
import { asProblem, type Problem } from "../core/problem.ts";
import { announceProblem, toast } from "../core/toast.ts";
import { ProblemBox } from "./empty.tsx";
import { useFetched } from "./fetched.ts";

interface Decision {
  id: number;
  kind: string;
  author: string;
  created_at: string;
  undoes: number | null;
  undone_by: number | null;
  evidence: { probability?: number; shared_frames?: string[] };
  moves: { fingerprint: string; from: string; to: string }[];
}

interface Held {
  items: { fingerprint: string; own: boolean; events: number; users: number; title: string; culprit: string }[];
  merged_into: string | null;
  decisions: Decision[];
}

const SHOWN = 20;
const SAID: Record<string, string> = {
  merge: "merged",
  recluster: "merged",
  split: "split off",
  unmerge: "taken out",
  migrate: "kept through a new grouping version",
  undo: "taken back",
};

function undo(id: number, done: () => void): void {
  post(`decisions/${id}/undo`, undefined)
    .then(done)
    .catch((error: unknown) => announceProblem(asProblem(error)));
}

/** Makes the selected issues one; the toast takes it back. */
export function MergeButton(props: { ids: readonly string[]; everything: boolean; done: () => void }): React.ReactElement {
  const merge = (): void => {
    post<Decision>("issues/merge", { ids: props.ids })
      .then((decision) => {
        const into = decision.moves[0]?.to ?? "";
        toast(`${props.ids.length} issues are ${into} now.`, { undo: () => undo(decision.id, props.done) });
        props.done();
      })
      .catch((error: unknown) => announceProblem(asProblem(error)));
  };
  const off = props.everything || props.ids.length < 2;
  const why = props.everything ? "Select the issues one by one to merge them." : "Select at least two issues of one project.";
  return (
    <button type="button" className="button" onClick={merge} disabled={off} title={off ? why : "Make them one issue"}>
      Merge
    </button>
  );
}

/** The fingerprints of an issue, with what takes them out, and the decisions behind it. */
export function IssueMerging({ issue }: { issue: string }): React.ReactElement | null {
  const path = `issues/${encodeURIComponent(issue)}/fingerprints`;
  const { document, problem, retry } = useFetched<Held>(path);
  const [chosen, setChosen] = React.useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = React.useState<Problem | null>(null);
  const changed = (): void => {
    setChosen(new Set());
    setRefused(null);
    retry();
  };
  const part = (verb: "split" | "unmerge"): void => {
    post<Decision>(`issues/${encodeURIComponent(issue)}/${verb}`, { fingerprints: [...chosen] })
      .then((decision) => {
        toast(`${decision.moves.length} fingerprints left ${issue}.`, { undo: () => undo(decision.id, changed) });
        changed();
      })
      .catch((error: unknown) => setRefused(asProblem(error)));
  };
  const toggle = (fingerprint: string): void => {
    const next = new Set(chosen);
    if (!next.delete(fingerprint)) next.add(fingerprint);
    setChosen(next);
  };
  if (document && document.items.length < 2 && document.decisions.length === 0) return null;
  return (
    <section className="card side-card" aria-label="Belongs together" aria-busy={document === null && !problem}>
      <h2>Belongs together</h2>
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {refused ? <ProblemBox problem={refused} retry={changed} /> : null}
      <ul className="owners">
        {document?.items.slice(0, SHOWN).map((one) => (
          <li key={one.fingerprint}>
            <label>
              <input
                type="checkbox"
                checked={chosen.has(one.fingerprint)}
                disabled={one.own}
                title={one.own ? "The issue began with this one; take out the others." : undefined}
                onChange={() => toggle(one.fingerprint)}
              />{" "}
              <bdi>{one.title}</bdi>
            </label>
            <div className="muted">
              <code>{BigInt(one.fingerprint).toString(16).padStart(16, "0")}</code> {one.events} events
              {one.own ? ", its first" : ""}
            </div>
          </li>
        ))}
      </ul>
      {document && document.items.length > SHOWN ? <p className="muted">and {document.items.length - SHOWN} more</p> : null}
      {chosen.size > 0 ? (
        <p>
          <button type="button" className="button" onClick={() => part("unmerge")}>
            Unmerge
          </button>{" "}
          <button type="button" className="button" onClick={() => part("split")}>
            Split into one
          </button>
        </p>
      ) : null}
      <Decisions decisions={document?.decisions ?? []} changed={changed} />
    </section>
  );
}

function Decisions({ decisions, changed }: { decisions: readonly Decision[]; changed: () => void }): React.ReactElement {
  return (
    <ul className="owners">
      {decisions.slice(0, SHOWN).map((one) => (
        <li key={one.id} className="muted" title={one.evidence.shared_frames?.join("\n")}>
          {[...new Set(one.moves.map((move) => `${move.from} → ${move.to}`))].slice(0, 3).join(", ")}{" "}
          {SAID[one.kind] ?? one.kind} by <bdi>{one.author.replace(/^user:/, "")}</bdi>
          {one.evidence.probability === undefined ? "" : `, p = ${one.evidence.probability.toFixed(2)}`}{" "}
          {one.undone_by === null && one.undoes === null ? (
            <button type="button" className="button quiet" onClick={() => undo(one.id, changed)}>
              Undo
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
