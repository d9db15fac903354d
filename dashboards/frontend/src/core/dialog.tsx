// A modal dialog on the browser's own <dialog>, which keeps the focus inside and closes by Escape.
import * as React from "react";
import { Icon } from "./icons.tsx";

interface Props {
  title: string;
  open: boolean;
  onClose: () => void;
  footer?: React.ReactNode;
  children: React.ReactNode;
}

export function Dialog({ title, open, onClose, footer, children }: Props): React.ReactElement | null {
  const element = React.useRef<HTMLDialogElement>(null);
  const name = React.useId();
  React.useEffect(() => {
    const dialog = element.current;
    if (dialog && open && !dialog.open) dialog.showModal();
  }, [open]);
  if (!open) return null;
  return (
    <dialog className="dialog" ref={element} aria-labelledby={name} onClose={onClose}>
      <header>
        <h2 id={name}>{title}</h2>
        <button type="button" className="button quiet icon" aria-label="Close" onClick={() => element.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <div className="body">{children}</div>
      {footer ? <footer>{footer}</footer> : null}
    </dialog>
  );
}
