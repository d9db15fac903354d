// Small marks of releases: adoption, crash-free rates. Each says in words what it shows.
import * as React from "react";

import { formatNumber } from "../core/format.ts";
import { percent } from "./model.ts";

const GOOD = 0.99;
const FAIR = 0.95;

/** A share as a bar, with its number. */
export function AdoptionBar({ share }: { share: number | null }): React.ReactElement {
  if (share === null) return <span className="muted">–</span>;
  return (
    <span className="release-adoption" title="Of the last day">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect className="ground" width="100" height="6" rx="3" />
        <rect className="bar" width={Math.max(share * 100, share > 0 ? 2 : 0)} height="6" rx="3" />
      </svg>
      <span>{percent(share)}</span>
    </span>
  );
}

/** A crash-free rate; its colour is said by a word besides. */
export function CrashFree({ share, of, what }: { share: number | null; of: number; what: string }): React.ReactElement {
  if (share === null) return <span className="muted">–</span>;
  const level = share >= GOOD ? "good" : share >= FAIR ? "fair" : "bad";
  const said = { good: "", fair: " (below 99%)", bad: " (below 95%)" }[level];
  return (
    <span className={`crash-free ${level}`} title={`Of ${formatNumber(of)} ${what}${said}`}>
      {percent(share)}
      {level === "good" ? null : <span aria-hidden="true">{level === "bad" ? " ▼▼" : " ▼"}</span>}
    </span>
  );
}
