// Messages at the edge, and the region screen readers listen to.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { useStore } from "../core/store.ts";
import { dismiss, spoken, type Toast, toasts } from "../core/toast.ts";

export function Toasts(): React.ReactElement {
  const shown = useStore(toasts);
  return (
    <div className="toasts" role="region" aria-label="Messages">
      {shown.map((toast) => (
        <One key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function One({ toast }: { toast: Toast }): React.ReactElement {
  const undo = toast.undo;
  return (
    <div data-testid="toast" className={`toast ${toast.tone}`} role={toast.tone === "error" ? "alert" : "status"}>
      <div className="toast-text">
        <strong>{toast.text}</strong>
        {toast.hint ? <span>{toast.hint}</span> : null}
        {toast.code ? <code>{toast.code}</code> : null}
      </div>
      {undo ? (
        <button
          type="button"
          className="button quiet"
          onClick={() => {
            dismiss(toast.id);
            undo();
          }}
        >
          Undo
        </button>
      ) : null}
      <button type="button" className="button quiet icon" aria-label="Close" onClick={() => dismiss(toast.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

export function LiveRegion(): React.ReactElement {
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {useStore(spoken)}
    </div>
  );
}
