// Owners of an issue: which rules speak of it, and whom it would be given to.
import * as React from "react";

import { ProblemBox } from "./empty.tsx";
import { useFetched } from "./fetched.ts";
import { Who } from "./marks.tsx";
import { assigneeName } from "./model.ts";

interface Owners {
  owners: { source: string; rule: string; line: number; matched: string; owners: { name: string; assignee: string | null }[] }[];
  assignee: string;
  auto_assign: "off" | "owners" | "suspect";
  has_rules: boolean;
}

const SHOWN = 4;
const AUTO = {
  off: "New issues are given to nobody by themselves.",
  owners: "New issues are given to the first owner.",
  suspect: "New issues are given to who wrote the suspect commit.",
} as const;

export function IssueOwners({ issue }: { issue: string }): React.ReactElement {
  const { document, problem, retry } = useFetched<Owners>(`issues/${encodeURIComponent(issue)}/owners`);
  return (
    <section className="card side-card" aria-label="Owners" aria-busy={document === null && !problem}>
      <h2>Owners</h2>
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {document === null && !problem ? <div className="skeleton tag-skeleton" /> : null}
      {document && document.owners.length === 0 ? <Nobody known={document.has_rules} /> : null}
      <ul className="owners">
        {document?.owners.slice(0, SHOWN).map((one) => (
          <li key={`${one.source}:${one.line}`}>
            {one.owners.map((owner) => (
              <span key={owner.name} className="owner">
                <Who assignee={owner.assignee ?? ""} />
                <bdi>{owner.assignee ? assigneeName(owner.assignee) : owner.name}</bdi>
                {owner.assignee ? null : <span className="muted"> (nobody here)</span>}
              </span>
            ))}
            <div className="muted" title={`matches ${one.matched}`}>
              <code>{one.rule}</code> {one.source === "codeowners" ? "CODEOWNERS" : "rules"}, line {one.line}
            </div>
          </li>
        ))}
      </ul>
      {document && document.owners.length > 0 ? <p className="muted suspects-scope">{AUTO[document.auto_assign]}</p> : null}
    </section>
  );
}

function Nobody({ known }: { known: boolean }): React.ReactElement {
  if (known) return <p>No ownership rule speaks of this issue.</p>;
  return (
    <>
      <p>Nobody has said yet who owns what.</p>
      <p className="muted">Write rules or bring your CODEOWNERS file, and new issues can find their owners:</p>
      <pre className="suspect-snippet">{"path:src/pay/* #payments\nurl:*/checkout/* #web"}</pre>
      <pre className="suspect-snippet">amber owners set PROJECT --codeowners CODEOWNERS</pre>
    </>
  );
}
