// Keyboard shortcuts: whoever exists registers theirs, the help lists exactly these. Inert while one types, and single
// keys can be switched off (WCAG 2.1.4).
import * as React from "react";
import { keyName, match, readChosen, spokenKeys } from "./chords.ts";
import { createStore, useStore } from "./store.ts";

export interface Shortcut {
  /** Such as `?`, `g d`, `shift+x`. */
  keys: string;
  label: string;
  /** Heading in the help. */
  group: string;
  run: (event: KeyboardEvent) => void;
  /** Also while one types: for combinations with Ctrl or Command only. */
  everywhere?: boolean;
}

const SEQUENCE_MS = 900;
const STORAGE = "amber.keys";
const CHOSEN = "amber.keys.chosen";

export const shortcuts = createStore<readonly Shortcut[]>([]);
export const keysEnabled = createStore(window.localStorage.getItem(STORAGE) !== "off");

/** The keys a reader chose, by the name of the shortcut; an empty text means none. */
export const chosenKeys = createStore<Readonly<Record<string, string>>>(readChosen(window.localStorage.getItem(CHOSEN)));

/** What a shortcut is remembered by: its heading and the keys it comes with. */
export const nameOf = ({ group, keys }: Shortcut): string => `${group}|${keys}`;

/** The keys a shortcut has now. */
export const keysOf = (shortcut: Shortcut): string => chosenKeys.get()[nameOf(shortcut)] ?? shortcut.keys;

/** Says a tooltip with the keys one has chosen: `title("Assign", "Issue", "a")` is `Assign (a)`, without keys `Assign`. */
export function useKeyTitle(): (label: string, group: string, keys: string) => string {
  const chosen = useStore(chosenKeys);
  const on = useStore(keysEnabled);
  return (label, group, keys) => {
    const now = chosen[`${group}|${keys}`] ?? keys;
    return on && now ? `${label} (${spokenKeys(now).join(" ")})` : label;
  };
}

/** Give a shortcut other keys, none by an empty text, its own again by null. */
export function chooseKeys(shortcut: Shortcut, keys: string | null): void {
  const { [nameOf(shortcut)]: _before, ...others } = chosenKeys.get();
  const chosen = keys === null || keys === shortcut.keys ? others : { ...others, [nameOf(shortcut)]: keys };
  if (Object.keys(chosen).length) window.localStorage.setItem(CHOSEN, JSON.stringify(chosen));
  else window.localStorage.removeItem(CHOSEN);
  chosenKeys.set(chosen);
}

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

/** Whether a press is nobody's shortcut here: while one types, when single keys are off, in a dialog. */
function inert(event: KeyboardEvent, name: string): boolean {
  if (event.defaultPrevented || event.isComposing || /^(shift|control|alt|meta)$/i.test(event.key)) return true;
  if (typing(event.target) && !shortcuts.get().some((shortcut) => shortcut.everywhere && keysOf(shortcut) === name)) return true;
  if (!keysEnabled.get() && !name.startsWith("mod+") && name !== "escape") return true;
  return document.querySelector("dialog[open]") !== null && name !== "?";
}

function onKeyDown(event: KeyboardEvent): void {
  const name = keyName(event);
  if (inert(event, name)) return;
  if (event.timeStamp - lastPress > SEQUENCE_MS) pressed = [];
  lastPress = event.timeStamp;
  pressed.push(name);
  const all = shortcuts.get();
  const keys = all.map(keysOf);
  let result = match(pressed, keys);
  if (!result.found && !result.pending) {
    pressed = [name];
    result = match(pressed, keys);
  }
  if (result.found) {
    event.preventDefault();
    pressed = [];
    all[keys.indexOf(result.found)]?.run(event);
  } else if (!result.pending) pressed = [];
}

document.addEventListener("keydown", onKeyDown);
