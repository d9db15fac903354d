// When the session ended, one is told once, and finds back to the same place.
import * as React from "react";
import { loginUrl, sessionEnded } from "../core/session.ts";
import { useStore } from "../core/store.ts";

export function SessionEnded(): React.ReactElement | null {
  const ended = useStore(sessionEnded);
  const dialog = React.useRef<HTMLDialogElement>(null);
  React.useEffect(() => {
    if (ended && !dialog.current?.open) dialog.current?.showModal();
  }, [ended]);
  if (!ended) return null;
  return (
    <dialog className="dialog" ref={dialog} aria-labelledby="session-ended" onCancel={(event) => event.preventDefault()}>
      <header>
        <h2 id="session-ended">Your session has ended</h2>
      </header>
      <div className="body">
        <p>Sign in again, and you come back to this page.</p>
      </div>
      <footer>
        <a className="button primary" href={loginUrl()}>
          Sign in
        </a>
      </footer>
    </dialog>
  );
}
