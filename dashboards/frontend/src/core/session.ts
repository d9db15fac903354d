// Whether the session still stands. The shell shows the way back when it ended.
import { createStore } from "./store.ts";

export const sessionEnded = createStore(false);

export function endSession(): void {
  sessionEnded.set(true);
}

/** Where to sign in and come back. */
export function loginUrl(): string {
  const { pathname, search, hash } = window.location;
  return `/login?next=${encodeURIComponent(pathname + search + hash)}`;
}

/** Dash's own requests tell nobody when they are refused, so its answers are looked at as they come. */
export function watchDashRequests(): void {
  const original = window.fetch;
  window.fetch = async (...args) => {
    const response = await original(...args);
    if (response.status === 401 && new URL(response.url).pathname.startsWith("/app/_dash-")) endSession();
    return response;
  };
}
