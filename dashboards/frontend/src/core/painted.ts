// Says when data stands on the screen, for measurements and tests: `<html data-painted="rows:3">` is set in the frame
// after the third time the rows of a page were put in place.

const counts = new Map<string, number>();

export function painted(view: string): void {
  const count = (counts.get(view) ?? 0) + 1;
  counts.set(view, count);
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      document.documentElement.dataset.painted = `${view}:${count}`;
    }),
  );
}

/** Resolves when what is on its way to the screen stands there and the browser has time: what comes second waits for it. */
export function afterPaint(): Promise<void> {
  return new Promise((resolve) => {
    const rest = () => (window.requestIdleCallback ? window.requestIdleCallback(() => resolve(), { timeout: 300 }) : window.setTimeout(resolve, 50));
    requestAnimationFrame(() => requestAnimationFrame(rest));
    // Frames stop in a tab nobody looks at.
    window.setTimeout(resolve, 600);
  });
}
