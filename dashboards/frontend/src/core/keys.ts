// Keyboard shortcuts: whoever exists registers theirs, the help lists exactly these. Inert while one types, and single
// keys can be switched off (WCAG 2.1.4).
import * as React from "react";
import { keyName, match } from "./chords.ts";
import { createStore } from "./store.ts";

export interface Shortcut {
  /** Such as `?`, `g d`, `shift+x`. */
  keys: string;
  label: string;
  /** Heading in the help. */
  group: string;
  run: (event: KeyboardEvent) => void;
}

const SEQUENCE_MS = 900;
const STORAGE = "amber.keys";

export const shortcuts = createStore<readonly Shortcut[]>([]);
export const keysEnabled = createStore(window.localStorage.getItem(STORAGE) !== "off");

export function enableKeys(enabled: boolean): void {
  window.localStorage.setItem(STORAGE, enabled ? "on" : "off");
  keysEnabled.set(enabled);
}

/** Add shortcuts while a component is on the page; a later one of the same keys wins. */
export function useShortcuts(own: readonly Shortcut[]): void {
  const newest = React.useRef(own);
  newest.current = own;
  const names = own.map((shortcut) => shortcut.keys).join("|");
  React.useEffect(() => {
    const added = newest.current.map((shortcut, index) => ({
      ...shortcut,
      run: (event: KeyboardEvent) => newest.current[index]?.run(event),
    }));
    shortcuts.set([...added, ...shortcuts.get()]);
    return () => shortcuts.set(shortcuts.get().filter((shortcut) => !added.includes(shortcut)));
  }, [names]);
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type))
  );
}

let pressed: string[] = [];
let lastPress = 0;

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || typing(event.target)) return;
  if (/^(shift|control|alt|meta)$/i.test(event.key)) return;
  const name = keyName(event);
  if (!keysEnabled.get() && !name.startsWith("mod+") && name !== "escape") return;
  if (document.querySelector("dialog[open]") && name !== "?") return;
  if (event.timeStamp - lastPress > SEQUENCE_MS) pressed = [];
  lastPress = event.timeStamp;
  pressed.push(name);
  const all = shortcuts.get();
  let result = match(
    pressed,
    all.map((shortcut) => shortcut.keys),
  );
  if (!result.found && !result.pending) {
    pressed = [name];
    result = match(
      pressed,
      all.map((shortcut) => shortcut.keys),
    );
  }
  if (result.found) {
    event.preventDefault();
    pressed = [];
    all.find((shortcut) => shortcut.keys === result.found)?.run(event);
  } else if (!result.pending) pressed = [];
}

document.addEventListener("keydown", onKeyDown);
