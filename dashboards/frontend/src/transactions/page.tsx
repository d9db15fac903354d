// The page of transactions: a table with the period before beside it, and what is known of the chosen one.
import * as React from "react";

import { formatDuration, formatNumber, formatRatio } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { type RowsAnswer, useRows } from "../core/rows.ts";
import type { Rows } from "../core/values.ts";
import { apiBody, type UrlState } from "../core/search.ts";
import { TableHead } from "../core/table.tsx";
import { changePage, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { RootCause } from "../rca/panel.tsx";
import { Views } from "../views/picker.tsx";
import { before, quoted } from "../profiles/question.ts";
import { BREAKDOWN, changeOf, differs, joined, LIST, ratioText, SLOWEST, type Sort, sorted, type Transaction, trendOf } from "./model.ts";

/** The body of a question about the period before; the same for as long as the page shows one range. */
function bodyBefore(state: UrlState, now: number): Record<string, unknown> {
  const { range: _, ...scope } = apiBody(state) as Record<string, unknown>;
  return { ...scope, ...before(state, now) };
}

/** The range of the bar, as an analysis takes it: when it was bad. */
function timeOf(state: UrlState): { range?: string; start?: string; end?: string } {
  const { range, start, end } = apiBody(state) as { range?: string; start?: string; end?: string };
  return start && end ? { start, end } : range ? { range } : {};
}

/** The page `/app/transactions`. */
export function Transactions(): React.ReactElement {
  const { state } = useUrl();
  const { name = "", of = "", sort = "", find = "" } = state.page;
  const [tries, setTries] = React.useState(0);
  const range = JSON.stringify([state.range, state.start, state.end]);
  const now = React.useMemo(() => Date.now(), [range, tries]);
  const answer = useRows({ query: LIST, ...apiBody(state) }, tries);
  const old = useRows({ query: LIST, ...bodyBefore(state, now) }, tries);
  const all = React.useMemo(() => (answer.rows ? joined(answer.rows, old.rows ?? []) : null), [answer.rows, old.rows]);
  const by = (["p95", "worse", "failed", "n"] as const).find((one) => one === sort) ?? "total";
  const shown = React.useMemo(() => sorted(all ?? [], by).filter((one) => one.name.toLowerCase().includes(find.trim().toLowerCase())), [all, by, find]);
  const chosen = all?.find((one) => one.name === name && one.project === of && name !== "");
  React.useEffect(() => {
    if (all) painted("transactions");
  }, [all]);
  return (
    <section className="map-page" aria-label="Transactions">
      <header className="map-head">
        <h1>Transactions</h1>
        <input type="search" data-query aria-label="Find transactions" placeholder="Find transactions" value={find} onChange={(event) => changePage({ find: event.target.value }, { replace: true })} />
        <span className="muted" role="status">
          {all ? `${formatNumber(shown.length)} transactions${old.rows ? ", compared with the period before" : ""}` : ""}
        </span>
        <Views page="transactions" />
      </header>
      <div className={chosen ? "map-body with-drawer" : "map-body"} aria-busy={all === null && answer.problem === null}>
        {answer.problem ? <ProblemBox problem={answer.problem} retry={() => setTries(tries + 1)} /> : null}
        {all === null && !answer.problem ? <Waiting /> : null}
        {all?.length === 0 ? <Nothing /> : null}
        {all && all.length > 0 ? <List shown={shown} all={all} by={by} chosen={chosen ?? null} /> : null}
        {chosen ? <Drawer key={`${chosen.project}/${chosen.name}`} one={chosen} /> : null}
      </div>
    </section>
  );
}

function Waiting(): React.ReactElement {
  return (
    <div className="map-tables">
      {Array.from({ length: 10 }, (_, i) => (
        <div key={i} className="skeleton transactions-skeleton" />
      ))}
    </div>
  );
}

function Nothing(): React.ReactElement {
  return (
    <div className="empty">
      <h2>No transaction in this time range</h2>
      <p>A transaction is a request, a job or a page load that a client traces. Switch tracing on, or choose a longer time range.</p>
    </div>
  );
}

interface ListProps {
  shown: readonly Transaction[];
  all: readonly Transaction[];
  by: Sort;
  chosen: Transaction | null;
}

function List({ shown, all, by, chosen }: ListProps): React.ReactElement {
  const whole = all.reduce((sum, { total }) => sum + total, 0);
  const head = (sort: Sort, label: string): React.ReactElement => (
    <th className="number" aria-sort={by === sort ? "descending" : undefined}>
      <button type="button" className="link-button" onClick={() => changePage({ sort: sort === "total" ? "" : sort })}>
        {label}
        {by === sort ? " ↓" : ""}
      </button>
    </th>
  );
  return (
    <div className="map-tables transactions-list" tabIndex={0} role="region" aria-label="Transactions as a table">
      <table className="plain">
        <thead>
          <tr>
            <th>Transaction</th>
            <th>Project</th>
            {head("n", "Requests")}
            {head("failed", "Failed")}
            <th className="number">50%</th>
            {head("p95", "95%")}
            {head("worse", "Change")}
            {head("total", "Share of time")}
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={`${one.project}/${one.name}`} className={one === chosen ? "chosen" : ""}>
              <td className="truncate" title={one.name.slice(0, 300)}>
                <button type="button" className="link-button" disabled={one.name === ""} onClick={() => changePage({ name: one.name, of: one.project }, { replace: true })}>
                  <bdi>{one.name.slice(0, 160) || "(no name)"}</bdi>
                </button>
              </td>
              <td className="truncate">
                <bdi>{one.project.slice(0, 60)}</bdi>
              </td>
              <td className="number">{formatNumber(one.n)}</td>
              <td className="number">{formatRatio(one.n > 0 ? Number((one.failed / one.n).toPrecision(2)) : 0)}</td>
              <td className="number">{formatDuration(one.p50)}</td>
              <td className="number">{formatDuration(one.p95)}</td>
              <td className="number">
                <Change ratio={changeOf(one, "p95")} />
              </td>
              <td className="number">{formatRatio(whole > 0 ? Number((one.total / whole).toPrecision(2)) : 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length === 0 ? <p className="muted flame-none">No transaction matches.</p> : null}
    </div>
  );
}

/** A change with its sign, and a mark when it is worth one. */
function Change({ ratio }: { ratio: number | null }): React.ReactElement {
  const trend = trendOf(ratio);
  return (
    <span className={trend || "muted"}>
      {trend === "slower" ? "▲ " : trend === "faster" ? "▼ " : ""}
      {ratioText(ratio)}
    </span>
  );
}

const PERCENTILES = [["p50", "Median"], ["p75", "75%"], ["p95", "95%"], ["p99", "99%"]] as const;

function Drawer({ one }: { one: Transaction }): React.ReactElement {
  const href = useHref();
  const { state } = useUrl();
  const scope = { ...apiBody(state), project: [one.project], params: { name: one.name } };
  const breakdown = useRows({ query: BREAKDOWN, ...scope });
  const slowest = useRows({ query: SLOWEST, ...scope });
  const differing = useRows({ query: differs(one.p95), ...scope });
  const search = `transaction:${quoted(one.name)}`;
  return (
    <aside className="span-drawer" aria-label="Transaction">
      <header>
        <h2>
          <bdi>{one.name.slice(0, 200)}</bdi>
        </h2>
        <button type="button" className="button quiet icon" aria-label="Close" onClick={() => changePage({ name: "", of: "" }, { replace: true })}>
          <Icon name="close" />
        </button>
      </header>
      <div className="span-body">
        <table className="plain transactions-percentiles">
          <TableHead texts={["Duration"]} numbers={["Now", "Before", "Change"]} />
          <tbody>
            {PERCENTILES.map(([key, label]) => (
              <tr key={key}>
                <td>{label}</td>
                <td className="number">{formatDuration(one[key])}</td>
                <td className="number">{one.before ? formatDuration(one.before[key]) : "–"}</td>
                <td className="number">
                  <Change ratio={changeOf(one, key)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className="span-acts">
          <a className="button quiet" href={href(`/app/discover?q=${encodeURIComponent(`from transactions ${search}`)}`)}>
            Discover
          </a>
          <a className="button quiet" href={href(`/app/profiles?q=${encodeURIComponent(search)}`)}>
            Profiles
          </a>
        </div>
        <RootCause subject={{ transaction: one.name, project: [one.project], ...timeOf(state) }} />
        <Part title="Where the time goes" answer={breakdown} none="It has no spans below it.">
          {(rows) => <Bars rows={rows.map(([op, n, total]) => ({ name: String(op ?? ""), value: Number(total ?? 0), told: `${formatDuration(Number(total ?? 0))} in ${formatNumber(Number(n ?? 0))}` }))} />}
        </Part>
        <Part title={`What requests over ${formatDuration(one.p95)} have in common`} answer={differing} none="Nothing tells them from the others.">
          {(rows) => (
            <Bars
              rows={rows.map(([field, value, , , share, other]) => ({
                name: `${String(field ?? "")}: ${String(value ?? "")}`,
                value: Number(share ?? 0),
                told: `${formatRatio(Number(Number(share ?? 0).toPrecision(2)))}, others ${formatRatio(Number(Number(other ?? 0).toPrecision(2)))}`,
              }))}
            />
          )}
        </Part>
        <Part title="Slowest" answer={slowest} none="None.">
          {(rows) => (
            <ul className="map-calls">
              {rows.map(([timestamp, trace, id, duration, status], i) => (
                <li key={i}>
                  <a href={href(`/app/traces/${encodeURIComponent(String(trace ?? ""))}?span=${encodeURIComponent(String(id ?? ""))}`)}>{String(timestamp ?? "").slice(0, 19).replace("T", " ")}</a>
                  <span className="muted">{String(status ?? "").slice(0, 20)}</span>
                  <span>{formatDuration(Number(duration ?? 0))}</span>
                </li>
              ))}
            </ul>
          )}
        </Part>
      </div>
    </aside>
  );
}

interface PartProps {
  title: string;
  answer: RowsAnswer;
  none: string;
  children: (rows: Rows) => React.ReactNode;
}

function Part({ title, answer, none, children }: PartProps): React.ReactElement {
  const { rows, problem } = answer;
  return (
    <section className="span-section" aria-busy={rows === null && problem === null}>
      <h3>{title}</h3>
      {problem ? <ProblemBox problem={problem} retry={null} /> : null}
      {rows === null && problem === null ? <div className="skeleton attribute-skeleton" /> : null}
      {rows?.length === 0 ? <p className="muted">{none}</p> : null}
      {rows && rows.length > 0 ? children(rows) : null}
    </section>
  );
}

function Bars({ rows }: { rows: readonly { name: string; value: number; told: string }[] }): React.ReactElement {
  const most = Math.max(...rows.map(({ value }) => value), 1e-9);
  return (
    <ul className="transactions-bars">
      {rows.map(({ name, value, told }, i) => (
        <li key={i}>
          <bdi className="truncate" title={name.slice(0, 300)}>
            {name.slice(0, 120) || "(none)"}
          </bdi>
          <span className="muted">{told}</span>
          <span className="flame-share" style={{ width: `${(value / most) * 100}%` }} aria-hidden="true" />
        </li>
      ))}
    </ul>
  );
}
