// Ways to resolve, archive and prioritise beyond the plain one: a dialog with one choice a line, and small forms.
import * as React from "react";

import { Dialog } from "../core/dialog.tsx";
import { Icon } from "../core/icons.tsx";
import { type Ask, daysAhead, type IssueChange, WINDOWS } from "./model.ts";

interface ChoicesProps {
  ask: Ask;
  act: (change: IssueChange) => void;
  close: () => void;
}

const TITLES: Record<Ask, string> = { resolve: "Resolve", archive: "Archive until", priority: "Priority" };

/** The dialog of one kind of choices; a choice acts at once and closes it. */
export function Choices({ ask, act, close }: ChoicesProps): React.ReactElement {
  const choose = (change: IssueChange): void => {
    close();
    act(change);
  };
  const lines = React.useRef<HTMLDivElement>(null);
  // After the dialog has opened, which gives the focus to its first button: that is the one that closes it.
  React.useEffect(() => lines.current?.querySelector<HTMLElement>(".choice")?.focus(), []);
  return (
    <Dialog title={TITLES[ask]} open onClose={close}>
      <div className="choices" ref={lines}>
        {ask === "resolve" ? <Resolving choose={choose} /> : null}
        {ask === "archive" ? <Archiving choose={choose} /> : null}
        {ask === "priority" ? <Priorities choose={choose} /> : null}
      </div>
    </Dialog>
  );
}

type Choose = (change: IssueChange) => void;

function Line({ label, note, onClick }: { label: string; note: string; onClick: () => void }): React.ReactElement {
  return (
    <button type="button" className="choice" onClick={onClick}>
      <b>{label}</b> <span className="muted">{note}</span>
    </button>
  );
}

function Resolving({ choose }: { choose: Choose }): React.ReactElement {
  const resolved = (resolution: NonNullable<IssueChange["resolution"]>): void => choose({ status: "resolved", resolution });
  return (
    <>
      <Line label="Now" note="any later event opens it again" onClick={() => choose({ status: "resolved" })} />
      <Line label="In the next release" note="events of the releases there are now do not" onClick={() => resolved({ in: "next_release" })} />
      <Line label="In the newest release" note="that one and later ones do" onClick={() => resolved({ in: "release", release: "latest" })} />
      <Named label="In a release" placeholder="shop@1.4.0" send={(release) => resolved({ in: "release", release })} />
      <Named label="In a commit" placeholder="hash, 7 characters or more" pattern="[0-9a-fA-F]{7,64}" send={(commit) => resolved({ in: "commit", commit })} />
    </>
  );
}

/** A line with a name to type. */
function Named(props: { label: string; placeholder: string; pattern?: string; send: (text: string) => void }): React.ReactElement {
  const [text, setText] = React.useState("");
  return (
    <form
      className="choice-form"
      onSubmit={(event) => {
        event.preventDefault();
        props.send(text.trim());
      }}
    >
      <label>
        <b>{props.label}</b>
        <input type="text" required value={text} placeholder={props.placeholder} pattern={props.pattern} maxLength={250} spellCheck={false} autoCapitalize="off" onChange={(event) => setText(event.target.value)} />
      </label>
      <button type="submit" className="button">
        Resolve
      </button>
    </form>
  );
}

function Archiving({ choose }: { choose: Choose }): React.ReactElement {
  const archived = (archive: NonNullable<IssueChange["archive"]>): void => choose({ status: "ignored", archive });
  return (
    <>
      <Line label="It escalates" note="happens far more often than was to be expected" onClick={() => archived({ until: "escalating" })} />
      <Line label="For ever" note="until somebody opens it" onClick={() => archived({ until: "forever" })} />
      <Counted send={archived} />
      <Dated send={archived} />
    </>
  );
}

function Counted({ send }: { send: (archive: NonNullable<IssueChange["archive"]>) => void }): React.ReactElement {
  const [count, setCount] = React.useState("100");
  const [until, setUntil] = React.useState<"events" | "users">("events");
  const [window_s, setWindow] = React.useState(0);
  return (
    <form
      className="choice-form"
      onSubmit={(event) => {
        event.preventDefault();
        send({ until, count: Number(count), window_s });
      }}
    >
      <span className="choice-fields">
        <input type="number" required min={1} max={1_000_000_000} aria-label="How many" value={count} onChange={(event) => setCount(event.target.value)} />
        <select aria-label="Of what" value={until} onChange={(event) => setUntil(event.target.value as "events" | "users")}>
          <option value="events">more events</option>
          <option value="users">more users</option>
        </select>
        <select aria-label="In what time" value={window_s} onChange={(event) => setWindow(Number(event.target.value))}>
          {WINDOWS.map(({ label, seconds }) => (
            <option key={seconds} value={seconds}>
              {label}
            </option>
          ))}
        </select>
      </span>
      <button type="submit" className="button">
        Archive
      </button>
    </form>
  );
}

function Dated({ send }: { send: (archive: NonNullable<IssueChange["archive"]>) => void }): React.ReactElement {
  const [text, setText] = React.useState(() => daysAhead(Date.now(), 7));
  return (
    <form
      className="choice-form"
      onSubmit={(event) => {
        event.preventDefault();
        send({ until: "date", date: new Date(text).toISOString() });
      }}
    >
      <label>
        <b>A date</b>
        <input type="datetime-local" required min={daysAhead(Date.now(), 0)} value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <button type="submit" className="button">
        Archive
      </button>
    </form>
  );
}

function Priorities({ choose }: { choose: Choose }): React.ReactElement {
  return (
    <>
      <Line label="High" note="look at it now" onClick={() => choose({ priority: "high" })} />
      <Line label="Medium" note="" onClick={() => choose({ priority: "medium" })} />
      <Line label="Low" note="" onClick={() => choose({ priority: "low" })} />
      <Line label="Automatic" note="by level, handling, users and escalation" onClick={() => choose({ priority: "auto" })} />
    </>
  );
}

/** A button and, beside it, one that opens its other ways. */
export function Split(props: { label: string; hint: string; name: string; primary?: boolean; icon?: boolean; onClick: () => void; more: () => void; children?: React.ReactNode }): React.ReactElement {
  const kind = props.primary ? "button primary" : "button";
  return (
    <span className="split">
      <button type="button" className={kind} onClick={props.onClick} title={props.hint}>
        {props.icon ? <Icon name="check" /> : null} {props.label} {props.children}
      </button>
      <button type="button" className={`${kind} split-more`} onClick={props.more} aria-haspopup="dialog" aria-label={props.name} title={props.name}>
        <Icon name="chevron" />
      </button>
    </span>
  );
}
