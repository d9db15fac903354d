// How a project's data is scrubbed: rules with a live check, and before and after of an event under them.
import * as React from "react";
import { post } from "../core/api.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { FormProblem } from "./field.tsx";
import { eventIdOf, foundBy, lineKind, type ScrubDraft, sameDraft, type Trial, trialBody } from "./scrub_model.ts";
import { send } from "./send.ts";

interface Props {
  slug: string;
  rules: string;
  defaults: boolean;
  ip: string;
  email: string;
  version?: number | null;
}

const PAUSE_MS = 350;
const POLICIES = [
  ["keep", "keep"],
  ["mask", "mask"],
  ["hash", "hash"],
  ["remove", "remove"],
] as const;

export function ScrubRules(props: Props): React.ReactElement {
  const saved: ScrubDraft = {
    scrub_rules: props.rules,
    scrub_defaults: props.defaults,
    scrub_ip: props.ip,
    scrub_email: props.email,
  };
  const [draft, setDraft] = React.useState(saved);
  const [subject, setSubject] = React.useState("");
  const [busy, setBusy] = React.useState(false);
  const [refused, setRefused] = React.useState<Problem | null>(null);
  const { trial, problem } = useTrial(props.slug, draft, eventIdOf(subject));
  const changed = !sameDraft(draft, saved);
  const wrong = (trial?.problems.length ?? 0) > 0;

  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    if (busy || !changed || wrong) return;
    setBusy(true);
    const done = "The rules are saved; they hold for what arrives from now on.";
    const sent = await send("PATCH", `projects/${props.slug}`, { options: draft }, props.version, { done });
    setBusy(false);
    setRefused(sent.problem);
  };
  const change = (part: Partial<ScrubDraft>) => {
    setRefused(null);
    setDraft({ ...draft, ...part });
  };
  return (
    <div className="scrub">
      <form className="set-form" data-form="project-scrub" noValidate onSubmit={(event) => void save(event)}>
        <label className="set-check-item">
          <input type="checkbox" checked={draft.scrub_defaults} onChange={(e) => change({ scrub_defaults: e.target.checked })} />
          <span>
            Default rules
            <span className="hint">Passwords, tokens, keys, cookies, cards, account numbers.</span>
          </span>
        </label>
        <div className="scrub-policies">
          <Policy label="IP addresses" value={draft.scrub_ip} onChange={(value) => change({ scrub_ip: value })} />
          <Policy label="E-mail addresses" value={draft.scrub_email} onChange={(value) => change({ scrub_email: value })} />
        </div>
        <RulesField value={draft.scrub_rules} trial={trial} onChange={(value) => change({ scrub_rules: value })} />
        {refused ? <FormProblem text={refused.message} hint={refused.hint} code={refused.code} /> : null}
        {changed || busy ? (
          <div className="set-submit">
            <button type="submit" className="button primary" disabled={busy || wrong}>
              Save rules
            </button>
            <button type="button" className="button quiet" onClick={() => setDraft(saved)}>
              Undo
            </button>
          </div>
        ) : null}
      </form>
      <TrialView subject={subject} trial={trial} problem={problem} onSubject={setSubject} />
    </div>
  );
}

/** The trial of a draft, asked for when the typing pauses; an answer that was overtaken is dropped. */
function useTrial(slug: string, draft: ScrubDraft, eventId: string): { trial: Trial | null; problem: Problem | null } {
  const [trial, setTrial] = React.useState<Trial | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const key = JSON.stringify([draft, eventId]);
  React.useEffect(() => {
    const stop = new AbortController();
    const ask = async () => {
      try {
        setTrial(await post<Trial>(`projects/${slug}/scrub/test`, trialBody(draft, eventId), { signal: stop.signal }));
        setProblem(null);
      } catch (error) {
        if (!isAbort(error)) setProblem(asProblem(error));
      }
    };
    const timer = window.setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [slug, key]);
  return { trial, problem };
}

function Policy({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }): React.ReactElement {
  const id = React.useId();
  return (
    <div className="set-field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {POLICIES.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
    </div>
  );
}

function RulesField({ value, trial, onChange }: { value: string; trial: Trial | null; onChange: (value: string) => void }): React.ReactElement {
  const id = React.useId();
  const problems = trial?.problems ?? [];
  const area = React.useRef<HTMLTextAreaElement>(null);
  const show = (line: number, start: number, end: number) => {
    const before = value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(before + start - 1, before + Math.max(end, start + 1) - 1);
  };
  return (
    <div className="set-field" data-field="options.scrub_rules">
      <label htmlFor={id}>Rules of the project</label>
      <textarea
        id={id}
        ref={area}
        rows={7}
        value={value}
        maxLength={20000}
        spellCheck={false}
        placeholder={"mask email from $string\nremove from extra.customer\nkeep extra.csrf_token"}
        aria-invalid={problems.length > 0 ? true : undefined}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p className="hint" id={`${id}-hint`}>
        One a line: <code>mask | hash | remove | replace &quot;text&quot;</code>, what, <code>from</code> where; <code>keep</code> where.
      </p>
      <div role="status">
        {problems.map((each) => (
          <p key={`${each.line}:${each.start}`} className="set-error">
            <button type="button" className="scrub-line" onClick={() => show(each.line, each.start, each.end)}>
              Line {each.line}
            </button>
            : {each.message} {each.hint}
          </p>
        ))}
      </div>
    </div>
  );
}

interface TrialProps {
  subject: string;
  trial: Trial | null;
  problem: Problem | null;
  onSubject: (value: string) => void;
}

function TrialView({ subject, trial, problem, onSubject }: TrialProps): React.ReactElement {
  const id = React.useId();
  const named = eventIdOf(subject) !== "";
  const what = named ? "On this event as it is stored" : "On a made-up event";
  return (
    <div className="scrub-trial" aria-live="polite">
      <div className="set-field">
        <label htmlFor={id}>Try on</label>
        <input
          id={id}
          type="text"
          value={subject}
          autoComplete="off"
          spellCheck={false}
          placeholder="id or address of a stored event"
          onChange={(event) => onSubject(event.target.value)}
        />
      </div>
      {problem ? <FormProblem text={problem.message} hint={problem.hint} code={problem.code} /> : null}
      {!problem && trial && trial.problems.length === 0 ? (
        <>
          <p className="set-dim">
            {what}: {trial.changed ? foundBy(trial.remarks) : "nothing to scrub"}.
          </p>
          {trial.diff.length > 0 ? <Diff lines={trial.diff} /> : null}
        </>
      ) : null}
    </div>
  );
}

function Diff({ lines }: { lines: string[] }): React.ReactElement {
  return (
    <pre className="scrub-diff" tabIndex={0} role="region" aria-label="Before and after">
      {lines.map((line, index) => (
        <span key={index} className={`scrub-${lineKind(line)}`}>
          {line}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
