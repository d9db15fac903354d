// Rendering the page anew after a write: the server is told once more where one is.
import { currentUrl } from "../core/url.ts";

interface DashClientside {
  set_props(id: string, props: Record<string, unknown>): void;
}

/** Have the server render the page one is on anew. */
export function refreshPage(): void {
  const { pathname, search } = currentUrl();
  const dash = (window as unknown as { dash_clientside?: DashClientside }).dash_clientside;
  dash?.set_props("shell", { location: { pathname, search, at: Date.now() } });
}
