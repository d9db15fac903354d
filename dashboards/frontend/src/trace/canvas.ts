// Canvases in React: sharp on any screen, in the colours of the theme.
import * as React from "react";

import { useStore } from "../core/store.ts";
import { painted as themeChanges, theme, token } from "../core/theme.ts";
import { SERVICE_COLOURS } from "./colours.ts";
import type { Palette } from "./draw.ts";

/** The palette of the theme that is shown; a new one when the theme changes. */
export function usePalette(): Palette {
  const changes = useStore(themeChanges);
  const chosen = useStore(theme);
  return React.useMemo(
    () => ({
      surface: token("surface"),
      sunken: token("sunken"),
      hover: token("hover"),
      chosen: token("chosen"),
      border: token("border"),
      ink: token("ink"),
      ink2: token("ink-2"),
      ink3: token("ink-3"),
      error: token("error"),
      accent: token("accent-line"),
      services: Array.from({ length: SERVICE_COLOURS }, (_, i) => token(`service-${i}`)),
      font: getComputedStyle(document.body).fontFamily,
    }),
    [changes, chosen],
  );
}

/** Size a canvas for the screen and return its context, scaled so that one unit is a CSS pixel. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

/** Calls `draw` in the next frame, once however often it is asked for. */
export function useFrame(draw: () => void): () => void {
  const newest = React.useRef(draw);
  newest.current = draw;
  const frame = React.useRef(0);
  React.useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return React.useCallback(() => {
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      newest.current();
    });
  }, []);
}
