// A secret that can be seen only now: with a button that copies it, and no way to lose it by a slip.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { CopyText } from "./copy_text.tsx";
import type { Once } from "./send.ts";

export function OnceDialog({ once, secret, onClose }: { once: Once; secret: string; onClose: () => void }): React.ReactElement {
  const body = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const dialog = body.current?.closest("dialog");
    const stay = (event: Event) => event.preventDefault();
    dialog?.addEventListener("cancel", stay);
    return () => dialog?.removeEventListener("cancel", stay);
  }, []);
  const close = (
    <button type="button" className="button primary" onClick={onClose}>
      I have copied it
    </button>
  );
  return (
    <Dialog title={once.title} open onClose={onClose} footer={close}>
      <div ref={body} className="once">
        <CopyText text={secret} name={once.title} wrap />
        <p className="set-dim">{once.text}</p>
      </div>
    </Dialog>
  );
}
