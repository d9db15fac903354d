// Waits for a project's first event and turns green when it is there.
import * as React from "react";
import { get } from "../core/api.ts";
import { Icon } from "../core/icons.tsx";
import { say } from "../core/toast.ts";

interface Props {
  project: string;
  first_event_at: string | null;
  issues: string;
  discover: string;
  /** Where refusals are shown; empty for those who may not see it. */
  state: string;
}

const EVERY_MS = 2000;
const PATIENCE_MS = 45_000;

export function FirstEvent(props: Props): React.ReactElement {
  const { project } = props;
  const [arrived, setArrived] = React.useState(Boolean(props.first_event_at));
  const [long, setLong] = React.useState(false);
  React.useEffect(() => setArrived(Boolean(props.first_event_at)), [project, props.first_event_at]);
  React.useEffect(() => {
    if (arrived) return undefined;
    const controller = new AbortController();
    const ask = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        const found = await get<{ first_event_at: string | null }>(`projects/${encodeURIComponent(project)}`, { signal: controller.signal });
        if (found.first_event_at) {
          setArrived(true);
          say("The first event has arrived.");
        }
      } catch {
        // The next question comes in two seconds; the shell says when the session has ended.
      }
    };
    const timer = window.setInterval(() => void ask(), EVERY_MS);
    const patience = window.setTimeout(() => setLong(true), PATIENCE_MS);
    return () => {
      controller.abort();
      window.clearInterval(timer);
      window.clearTimeout(patience);
    };
  }, [project, arrived]);
  return arrived ? <Arrived {...props} /> : <Waiting {...props} long={long} />;
}

function Arrived(props: Props): React.ReactElement {
  return (
    <div className="first-event first-event-here" data-state="arrived">
      <span className="first-event-light" aria-hidden="true">
        <Icon name="check" />
      </span>
      <div>
        <h3>Events are arriving</h3>
        <p>
          <strong>{props.project}</strong> has sent its first event. See what it is about.
        </p>
        <p className="first-event-links">
          <a className="button primary" href={props.issues}>
            Open the issues
          </a>
          <a className="button" href={props.discover}>
            Ask in Discover
          </a>
        </p>
      </div>
    </div>
  );
}

function Waiting(props: Props & { long: boolean }): React.ReactElement {
  return (
    <div className="first-event" data-state="waiting">
      <span className="first-event-light" aria-hidden="true" />
      <div>
        <h3>Waiting for the first event</h3>
        <p>This turns green by itself, a second or two after your program has sent something.</p>
        {props.long ? (
          <p className="set-dim">
            Nothing yet? See whether the program can reach the address in the DSN, and whether it runs long enough to send.{" "}
            {props.state ? <a href={props.state}>Ingest state</a> : null}
            {props.state ? " says whether something was refused, and why." : null}
          </p>
        ) : null}
      </div>
    </div>
  );
}
