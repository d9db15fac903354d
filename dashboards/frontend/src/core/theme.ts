// Light, dark, or what the system says; kept in a cookie, so that the server's document has it before the first paint.
import { createStore } from "./store.ts";

export type Theme = "auto" | "light" | "dark";

const COOKIE = "amber_theme";
const YEAR_S = 365 * 86_400;

function chosen(): Theme {
  const value = document.documentElement.dataset.theme;
  return value === "light" || value === "dark" ? value : "auto";
}

export const theme = createStore<Theme>(chosen());

/** Counts changes of what is really shown; canvases draw anew when it does. */
export const painted = createStore(0);
const system = window.matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", () => painted.set(painted.get() + 1));

export function setTheme(next: Theme): void {
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  const life = next === "auto" ? 0 : YEAR_S;
  document.cookie = `${COOKIE}=${next}; path=/; max-age=${life}; samesite=strict`;
  theme.set(next);
  painted.set(painted.get() + 1);
}

export function isDark(): boolean {
  const set = theme.get();
  return set === "auto" ? system.matches : set === "dark";
}

const probe = document.createElement("span");
probe.hidden = true;

/** The colour of a token as canvases take it, such as `rgb(180, 83, 9)`. */
export function token(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}
