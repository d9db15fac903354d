// The frame that plays, as the page drives it.
import * as React from "react";

import { useStore } from "../core/store.ts";
import { isDark, painted as themeChanges } from "../core/theme.ts";
import type { Recorded } from "./model.ts";
import type { FromFrame, ToFrame } from "./talk.ts";

export interface Player {
  frame: React.RefObject<HTMLIFrameElement>;
  /** Milliseconds since the beginning. */
  at: number;
  playing: boolean;
  /** Whether the first picture stands. */
  shown: boolean;
  failed: boolean;
  speed: number;
  skipIdle: boolean;
  toggle: () => void;
  seek: (at: number) => void;
  setSpeed: (speed: number) => void;
  setSkipIdle: (skip: boolean) => void;
}

/** Drives the frame; without events there is none. */
export function usePlayer(events: readonly Recorded[] | null, duration: number, first: number): Player {
  const frame = React.useRef<HTMLIFrameElement>(null);
  const [at, setAt] = React.useState(Math.min(first, duration));
  const [playing, setPlaying] = React.useState(false);
  const [shown, setShown] = React.useState(false);
  const [failed, setFailed] = React.useState(false);
  const [speed, setSpeed] = React.useState(1);
  const [skipIdle, setSkipIdle] = React.useState(true);
  const say = (message: ToFrame): void => frame.current?.contentWindow?.postMessage(message, window.location.origin);
  const newest = React.useRef(at);
  newest.current = at;
  React.useEffect(() => {
    const heed = (event: MessageEvent<FromFrame>): void => {
      if (event.origin !== window.location.origin || event.source !== frame.current?.contentWindow) return;
      const { data } = event;
      if (data.kind === "ready" && events) say({ kind: "load", events });
      else if (data.kind === "shown") {
        setShown(true);
        if (newest.current > 0) say({ kind: "pause", at: newest.current });
      } else if (data.kind === "at") setAt(Math.min(data.at, duration));
      else if (data.kind === "ended") {
        setPlaying(false);
        setAt(duration);
      } else if (data.kind === "failed") setFailed(true);
    };
    window.addEventListener("message", heed);
    return () => window.removeEventListener("message", heed);
  }, [events, duration]);
  const changes = useStore(themeChanges);
  React.useEffect(() => say({ kind: "set", speed, skipIdle, dark: isDark() }), [speed, skipIdle, shown, changes]);
  const go = (to: number, play: boolean): void => {
    setAt(to);
    setPlaying(play);
    say({ kind: play ? "play" : "pause", at: to });
  };
  return {
    frame,
    at,
    playing,
    shown,
    failed,
    speed,
    skipIdle,
    setSpeed,
    setSkipIdle,
    toggle: () => go(!playing && at >= duration - 50 ? 0 : at, !playing),
    seek: (to) => go(to, playing),
  };
}
