// What the page and the frame that plays a recording say to each other.
import type { Recorded } from "./model.ts";

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;

export type ToFrame =
  | { kind: "load"; events: readonly Recorded[] }
  | { kind: "play" | "pause"; at: number }
  | { kind: "set"; speed: number; skipIdle: boolean; dark: boolean };

export type FromFrame =
  | { kind: "ready" }
  | { kind: "shown" }
  | { kind: "at"; at: number; playing: boolean }
  | { kind: "ended" }
  | { kind: "failed" };
