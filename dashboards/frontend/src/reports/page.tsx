// The page of reports: those that were made, one of them to read, one of now, and the schedules that make them.
import * as React from "react";

import { get, post, remove, write } from "../core/api.ts";
import { Dialog } from "../core/dialog.tsx";
import { formatCount } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { changePage, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { Moment } from "../issues/time.tsx";

interface Mail {
  recipient: string;
  state: string;
  error: string;
}

interface Report {
  id: number;
  project: string;
  schedule: number | null;
  start: string;
  end: string;
  made_at: string | null;
  error: string;
  mails: Mail[];
}

interface Schedule {
  id: number;
  project: string;
  name: string;
  rhythm: string;
  recipients: string[];
  enabled: boolean;
  next: string | null;
}

interface Loaded {
  reports: Report[];
  schedules: Schedule[];
  projects: { slug: string; name: string }[];
}

function useLoaded(): { loaded: Loaded | null; problem: Problem | null; load: () => void } {
  const { state } = useUrl();
  const scope = JSON.stringify(state.projects);
  const [loaded, setLoaded] = React.useState<Loaded | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const query = (JSON.parse(scope) as string[]).map((slug) => ["project", slug] as const);
    Promise.all([
      get<{ items: Report[] }>("reports", { query, signal }),
      get<{ items: Schedule[] }>("report-schedules", { query, signal }),
      get<{ items: Loaded["projects"] }>("projects", { signal }),
    ])
      .then(([reports, schedules, projects]) => {
        setLoaded({ reports: reports.items, schedules: schedules.items, projects: projects.items });
        setProblem(null);
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [scope, tries]);
  return { loaded, problem, load: () => setTries((now) => now + 1) };
}

/** The page `/app/reports`. */
export function ReportPage(): React.ReactElement {
  const { state } = useUrl();
  const { loaded, problem, load } = useLoaded();
  const [making, setMaking] = React.useState<"report" | "schedule" | null>(null);
  const chosen = loaded?.reports.find(({ id }) => String(id) === state.page.report) ?? null;
  React.useEffect(() => {
    if (loaded) painted("reports");
  }, [loaded]);
  return (
    <section className="map-page" aria-label="Reports">
      <header className="map-head">
        <h1>Reports</h1>
        <span className="muted" role="status">
          {loaded ? `${formatCount(loaded.reports.length, "report")}, ${formatCount(loaded.schedules.length, "schedule")}` : ""}
        </span>
        <span className="trace-gap" />
        <button type="button" className="button" disabled={!loaded} onClick={() => setMaking("report")}>
          Report of now
        </button>
        <button type="button" className="button quiet" disabled={!loaded} onClick={() => setMaking("schedule")}>
          <Icon name="plus" />
          Schedule
        </button>
      </header>
      <div className="map-body reports-body" aria-busy={loaded === null && problem === null}>
        {problem ? <ProblemBox problem={problem} retry={load} /> : null}
        {!loaded && !problem ? <div className="skeleton reports-skeleton" /> : null}
        {loaded ? <Lists loaded={loaded} chosen={chosen} load={load} /> : null}
        {chosen?.made_at ? (
          // Names in a report come from strangers: it is shown without scripts, in a frame whose policy lets nothing in.
          <iframe className="reports-frame" title={`Report of ${chosen.project}`} sandbox="allow-popups allow-popups-to-escape-sandbox" src={`/api/v1/reports/${chosen.id}?format=html`} />
        ) : null}
      </div>
      {making && loaded ? <Make kind={making} projects={loaded.projects} onClose={() => setMaking(null)} onMade={load} /> : null}
    </section>
  );
}

function Lists({ loaded, chosen, load }: { loaded: Loaded; chosen: Report | null; load: () => void }): React.ReactElement {
  if (loaded.reports.length + loaded.schedules.length === 0) {
    return (
      <div className="empty">
        <h2>No report yet</h2>
        <p>A report tells what happened in a project: new and worse issues, slower transactions, releases, and what was odd. Have one made every day or week and mailed, or make one of now.</p>
      </div>
    );
  }
  return (
    <div className="reports-lists">
      {loaded.schedules.length > 0 ? <h2>Schedules</h2> : null}
      <ul aria-label="Schedules">
        {loaded.schedules.map((one) => (
          <li key={one.id}>
            <span>
              <b>
                <bdi>{one.name.slice(0, 120)}</bdi>
              </b>{" "}
              <span className="muted">
                {one.project}, {one.rhythm}
                {one.enabled ? "" : ", switched off"}, {formatCount(one.recipients.length, "recipient")}
                {one.next ? (
                  <>
                    , next <Moment time={one.next} />
                  </>
                ) : null}
              </span>
            </span>
            <button type="button" className="button quiet icon" aria-label={`Delete the schedule ${one.name.slice(0, 80)}`} onClick={() => void drop(one).then(load)}>
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      {loaded.reports.length > 0 ? <h2>Made</h2> : null}
      <ul aria-label="Reports">
        {loaded.reports.map((one) => (
          <li key={one.id} className={one === chosen ? "chosen" : ""}>
            <button type="button" className="link-button" aria-pressed={one === chosen} disabled={!one.made_at} onClick={() => changePage({ report: one === chosen ? "" : String(one.id) })}>
              <bdi>{one.project}</bdi>, <Moment time={one.start} /> to <Moment time={one.end} />
            </button>
            <span className="muted">{one.made_at ? mailsText(one.mails) : one.error ? `could not be made: ${one.error.slice(0, 160)}` : "is being made"}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function mailsText(mails: readonly Mail[]): string {
  const refused = mails.filter(({ state }) => state === "refused").length;
  const sent = mails.filter(({ state }) => state === "sent").length;
  if (mails.length === 0) return "";
  return `${sent} of ${formatCount(mails.length, "mail")} sent${refused > 0 ? `, ${refused} refused: ${mails.find(({ error }) => error)?.error.slice(0, 80) ?? ""}` : ""}`;
}

async function drop(one: Schedule): Promise<void> {
  await write(() => remove<null>(`projects/${encodeURIComponent(one.project)}/report-schedules/${one.id}`), { done: `“${one.name}” is deleted; its reports stay.` });
}

interface MakeProps {
  kind: "report" | "schedule";
  projects: Loaded["projects"];
  onClose: () => void;
  onMade: () => void;
}

function Make({ kind, projects, onClose, onMade }: MakeProps): React.ReactElement {
  const { state } = useUrl();
  const [project, setProject] = React.useState(state.projects[0] ?? projects[0]?.slug ?? "");
  const [name, setName] = React.useState("Weekly report");
  const [rhythm, setRhythm] = React.useState("weekly");
  const [range, setRange] = React.useState("7d");
  const [recipients, setRecipients] = React.useState("");
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [busy, setBusy] = React.useState(false);
  const form = React.useId();
  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const path = `projects/${encodeURIComponent(project)}`;
    const to = recipients.split(/[\s,;]+/).filter(Boolean);
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    try {
      if (kind === "schedule") await post(`${path}/report-schedules`, { name, rhythm, zone, recipients: to });
      else {
        const made = await post<Report>(`${path}/reports`, { range, recipients: to });
        changePage({ report: String(made.id) });
      }
      onMade();
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const footer = (
    <>
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" form={form} className="button primary" disabled={busy}>
        {kind === "schedule" ? "Save" : busy ? "Making …" : "Make"}
      </button>
    </>
  );
  return (
    <Dialog title={kind === "schedule" ? "Have reports made" : "Make a report of now"} open onClose={onClose} footer={footer}>
      <form id={form} className="board-settings" onSubmit={(event) => void submit(event)}>
        {problem ? <ProblemBox problem={problem} retry={null} /> : null}
        <label className="field">
          Project
          <select value={project} onChange={(event) => setProject(event.target.value)}>
            {projects.map((one) => (
              <option key={one.slug} value={one.slug}>
                {one.name || one.slug}
              </option>
            ))}
          </select>
        </label>
        {kind === "schedule" ? (
          <>
            <label className="field">
              Name
              <input type="text" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
            </label>
            <label className="field">
              How often
              <select value={rhythm} onChange={(event) => setRhythm(event.target.value)}>
                <option value="daily">Every day, at seven</option>
                <option value="weekly">Every Monday, at seven</option>
              </select>
            </label>
          </>
        ) : (
          <label className="field">
            About
            <select value={range} onChange={(event) => setRange(event.target.value)}>
              <option value="24h">the last 24 hours</option>
              <option value="7d">the last 7 days</option>
            </select>
          </label>
        )}
        <label className="field">
          Mail it to (several with commas; nobody when empty)
          <input type="text" value={recipients} placeholder="team@example.org" onChange={(event) => setRecipients(event.target.value)} />
        </label>
      </form>
    </Dialog>
  );
}
