// The shortcuts that exist where one is, and the switch that turns single keys off.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { enableKeys, keysEnabled, type Shortcut, shortcuts } from "../core/keys.ts";
import { useStore } from "../core/store.ts";

export function Help({ open, onClose }: { open: boolean; onClose: () => void }): React.ReactElement {
  const all = useStore(shortcuts);
  const enabled = useStore(keysEnabled);
  const groups = new Map<string, Shortcut[]>();
  for (const shortcut of all) {
    const group = groups.get(shortcut.group) ?? [];
    if (!group.some((known) => known.keys === shortcut.keys)) group.push(shortcut);
    groups.set(shortcut.group, group);
  }
  return (
    <Dialog title="Keyboard shortcuts" open={open} onClose={onClose}>
      <div className="help-groups">
        {[...groups].map(([name, entries]) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {entries.map((shortcut) => (
                <div key={shortcut.keys}>
                  <dt>{shortcut.label}</dt>
                  <dd>
                    {shortcut.keys.split(" ").map((key, index) => (
                      <kbd key={index}>{key.replace("shift+", "⇧ ").replace("mod+", "Ctrl ")}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className="check">
        <input type="checkbox" checked={enabled} onChange={(event) => enableKeys(event.target.checked)} />
        Single keys are shortcuts
      </label>
    </Dialog>
  );
}
