// What is looked at: transactions that were profiled, the release, and what it is compared with.
import * as React from "react";

import { formatDuration, formatRatio } from "../core/format.ts";
import { useRows } from "../core/rows.ts";
import { numberOf, type Rows, textOf as text } from "../core/values.ts";
import { apiBody } from "../core/search.ts";
import { SearchField } from "../core/search_field.tsx";
import { changePage, useUrl } from "../core/url.ts";
import { type Against, quoted, RELEASES, TRANSACTIONS, type Wanted } from "./question.ts";

/** The rows of a Discover text within the bar's projects and time; null until they have come, none when refused. */
function useScoped(query: string): Rows | null {
  const { state } = useUrl();
  const { rows, problem } = useRows({ query, ...apiBody(state) });
  return rows ?? (problem ? [] : null);
}

export function Transactions({ wanted }: { wanted: Wanted }): React.ReactElement {
  const rows = useScoped(TRANSACTIONS);
  const all = (rows ?? []).reduce((sum, row) => sum + numberOf(row[1]), 0);
  return (
    <nav className="flame-transactions" aria-label="Profiled transactions" aria-busy={rows === null}>
      <h2>Transactions</h2>
      {rows === null ? <div className="skeleton attribute-skeleton" /> : null}
      {rows?.length === 0 ? <p className="muted">None in this time range.</p> : null}
      <ul>
        {(rows ?? []).map((row, i) => {
          const name = text(row[0]);
          const q = name ? `transaction:${quoted(name)}` : "!has:transaction";
          const weight = numberOf(row[1]);
          return (
            <li key={i}>
              <button type="button" aria-pressed={wanted.q === q} title={name.slice(0, 300)} onClick={() => changePage({ q: wanted.q === q ? "" : q })}>
                <bdi className="truncate">{name.slice(0, 120) || "(no transaction)"}</bdi>
                <span className="muted">{formatDuration(weight)}</span>
                <span className="flame-share" style={{ width: `${all > 0 ? (weight / all) * 100 : 0}%` }} aria-hidden="true" />
                <span className="visually-hidden">{all > 0 ? formatRatio(weight / all) : ""}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

const AGAINST: readonly (readonly [Against, string])[] = [["", "Compare with …"], ["previous", "Previous period"], ["release", "Another release"], ["filter", "Another filter"]];

export function Choices({ wanted }: { wanted: Wanted }): React.ReactElement {
  const rows = useScoped(RELEASES) ?? [];
  const releases = rows.map((row) => text(row[0])).filter((name) => name !== "");
  const choose = (against: string): void => {
    const other = releases.find((name) => name !== (wanted.release || releases[0])) ?? "";
    if (against === "release") changePage({ vs: against, release: wanted.release || (releases[0] ?? ""), base: other });
    else changePage({ vs: against, base: "" });
  };
  return (
    <div className="flame-choices">
      <SearchField key={wanted.q} label="Filter profiles" placeholder="transaction:/checkout  thread.name:main" value={wanted.q} apply={(q) => changePage({ q })} />
      <select aria-label="Release" value={wanted.release} onChange={(event) => changePage({ release: event.target.value })}>
        <option value="">All releases</option>
        {named(releases, wanted.release)}
      </select>
      <select aria-label="Compare with" value={wanted.against} onChange={(event) => choose(event.target.value)}>
        {AGAINST.map(([value, label]) => (
          <option key={value} value={value}>
            {value === "" && wanted.against !== "" ? "No comparison" : label}
          </option>
        ))}
      </select>
      {wanted.against === "release" ? (
        <select aria-label="Release to compare with" value={wanted.base} onChange={(event) => changePage({ base: event.target.value })}>
          <option value="">All releases</option>
          {named(releases, wanted.base)}
        </select>
      ) : null}
      {wanted.against === "filter" ? <SearchField key={wanted.base} label="Filter to compare with" placeholder="environment:staging" value={wanted.base} apply={(base) => changePage({ base })} /> : null}
    </div>
  );
}

function named(releases: readonly string[], chosen: string): React.ReactElement[] {
  const all = chosen && !releases.includes(chosen) ? [chosen, ...releases] : releases;
  return all.map((name) => (
    <option key={name} value={name}>
      {name.slice(0, 80)}
    </option>
  ));
}
