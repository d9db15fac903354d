// Which shortcut a row of key presses means. Pure.

/** Names of keys as written in shortcuts: `g d` is two presses, `shift+x`, `mod+enter` (Ctrl, or Command on a Mac). */
export function keyName(event: { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean }): string {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  const letter = event.key.length === 1;
  const shift = event.shiftKey && (!letter || /[a-z]/i.test(event.key)) ? "shift+" : "";
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  return `${mod}${event.altKey ? "alt+" : ""}${shift}${key}`;
}

/** What the presses so far mean: a whole shortcut, the beginning of one, or nothing. */
export function match(pressed: readonly string[], shortcuts: readonly string[]): { found: string | null; pending: boolean } {
  const text = pressed.join(" ");
  return {
    found: shortcuts.includes(text) ? text : null,
    pending: shortcuts.some((shortcut) => shortcut.startsWith(`${text} `)),
  };
}
