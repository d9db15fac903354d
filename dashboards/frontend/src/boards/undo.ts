// Steps one can take back. Pure.

export interface Steps<State> {
  past: readonly State[];
  now: State;
  future: readonly State[];
}

const MOST = 100;

export const begin = <State>(now: State): Steps<State> => ({ past: [], now, future: [] });

/** A further state; one that is the same as the last is no step. */
export function step<State>({ past, now, future }: Steps<State>, next: State): Steps<State> {
  if (next === now || JSON.stringify(next) === JSON.stringify(now)) return { past, now, future };
  return { past: [...past, now].slice(-MOST), now: next, future: [] };
}

export function undo<State>({ past, now, future }: Steps<State>): Steps<State> {
  const before = past.at(-1);
  return before === undefined ? { past, now, future } : { past: past.slice(0, -1), now: before, future: [now, ...future] };
}

export function redo<State>({ past, now, future }: Steps<State>): Steps<State> {
  const [after, ...rest] = future;
  return after === undefined ? { past, now, future } : { past: [...past, now], now: after, future: rest };
}
