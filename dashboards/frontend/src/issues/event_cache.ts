// Documents of events, each asked for once while one looks through neighbours and rows.
import { get } from "../core/api.ts";
import { apiQuery, type UrlState } from "../core/search.ts";
import { type EventView, readEvent } from "./event.ts";

const known = new Map<string, { event: Promise<EventView>; at: number }>();
/** As many as one pages through in a minute. */
const MOST = 40;
/** The newest event of an issue is another one soon. */
const FRESH_MS = 60_000;

/** One event of an issue: `latest`, `oldest` or its id. */
export function fetchEvent(issue: string, which: string, state: UrlState): Promise<EventView> {
  const query = apiQuery(state);
  const key = JSON.stringify([issue, which, query]);
  const found = known.get(key);
  if (found && Date.now() - found.at < FRESH_MS) return found.event;
  const event = get<unknown>(`issues/${encodeURIComponent(issue)}/events/${encodeURIComponent(which)}`, { query }).then(readEvent);
  event.catch(() => known.delete(key));
  known.delete(key);
  known.set(key, { event, at: Date.now() });
  while (known.size > MOST) known.delete(known.keys().next().value!);
  return event;
}
