// Things that change by themselves: the clock, and the size and scroll position of a box.
import * as React from "react";

/** The time in milliseconds, read anew every so often. */
export function useNow(every_ms: number): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), every_ms);
    return () => window.clearInterval(timer);
  }, [every_ms]);
  return now;
}

export interface Box {
  ref: (element: HTMLElement | null) => void;
  element: HTMLElement | null;
  top: number;
  width: number;
  height: number;
}

/** Size and scroll position of an element, at most once a frame. */
export function useBox(): Box {
  const [element, ref] = React.useState<HTMLElement | null>(null);
  const [shape, setShape] = React.useState({ top: 0, width: 0, height: 0 });
  React.useLayoutEffect(() => {
    if (!element) return undefined;
    let frame = 0;
    const read = (): void => {
      frame = 0;
      const next = { top: element.scrollTop, width: element.clientWidth, height: element.clientHeight };
      setShape((shown) => (shown.top === next.top && shown.width === next.width && shown.height === next.height ? shown : next));
    };
    const changed = (): void => {
      frame ||= requestAnimationFrame(read);
    };
    read();
    const observer = new ResizeObserver(changed);
    observer.observe(element);
    element.addEventListener("scroll", changed, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", changed);
      cancelAnimationFrame(frame);
    };
  }, [element]);
  return { ref, element, ...shape };
}
