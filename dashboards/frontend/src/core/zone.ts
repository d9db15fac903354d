// The zone one reads times in: UTC, so that people talk about the same minute, or the browser's own.
import { createStore, useStore } from "./store.ts";
import type { Zone } from "./time.ts";

const STORAGE = "amber.zone";

export const zone = createStore<Zone>(window.localStorage.getItem(STORAGE) === "local" ? "local" : "utc");
export const useZone = (): Zone => useStore(zone);

export function setZone(next: Zone): void {
  window.localStorage.setItem(STORAGE, next);
  zone.set(next);
}

/** The short name of the browser's zone, such as `CET`. */
export function localZoneName(): string {
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(new Date());
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "Local";
}
