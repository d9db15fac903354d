// Asks the server for the page one is on again, after a write that changed what it shows.
import { createStore } from "./store.ts";

export const refreshes = createStore(0);

export function refreshPage(): void {
  refreshes.set(refreshes.get() + 1);
}
