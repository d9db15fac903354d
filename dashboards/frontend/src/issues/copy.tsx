// Copying to the clipboard, and saying so.
import * as React from "react";

import { toast } from "../core/toast.ts";

/** Put a text on the clipboard; without a secure context the browser has no clipboard, and the old way is taken. */
export async function copyText(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) {
      toast("The browser did not allow copying.", { tone: "error" });
      return;
    }
  }
  toast(said);
}

/** A button that copies a text; a function is asked for it when it is pressed. */
export function CopyButton({ text, label, said }: { text: string | (() => string); label: string; said?: string }): React.ReactElement {
  return (
    <button type="button" className="button quiet" onClick={() => void copyText(typeof text === "string" ? text : text(), said ?? "Copied.")}>
      {label}
    </button>
  );
}
