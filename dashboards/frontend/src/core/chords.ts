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

/** The chosen keys as they were kept; whatever else stands there is nothing. */
export function readChosen(kept: string | null): Record<string, string> {
  try {
    const parsed: unknown = JSON.parse(kept ?? "{}");
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return {};
    return Object.fromEntries(Object.entries(parsed).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
  } catch {
    return {};
  }
}

/** The other shortcuts that keys would stand in the way of: the same ones, or one that begins as the other does. */
export function clashes(keys: string, others: readonly { keys: string; label: string }[]): string[] {
  if (!keys) return [];
  const meet = (a: string, b: string) => a === b || a.startsWith(`${b} `) || b.startsWith(`${a} `);
  return [...new Set(others.filter((other) => other.keys !== "" && meet(keys, other.keys)).map(({ label }) => label))];
}

/** Keys as people read them. */
export function spokenKeys(keys: string): string[] {
  const named: Record<string, string> = { arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", escape: "Esc", enter: "Enter", space: "Space" };
  return keys
    .split(" ")
    .filter(Boolean)
    .map((key) => {
      const last = key.endsWith("+") ? "+" : key.slice(key.lastIndexOf("+") + 1);
      const parts = key.slice(0, -last.length).split("+").filter(Boolean);
      const before = parts.map((part) => ({ shift: "⇧", mod: "Ctrl", alt: "Alt" })[part] ?? part);
      return [...before, named[last] ?? last].join(" ");
    });
}
