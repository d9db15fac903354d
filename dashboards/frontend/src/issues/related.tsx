// The moment of an event from other sides: its trace, the logs and errors of that, the replay and the profile. Asked after
// the event stands on the screen, and only where one looks.
import * as React from "react";

import { post } from "../core/api.ts";
import { formatDuration, formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { useHref } from "../core/url.ts";
import { Clip } from "./clip.tsx";
import type { EventView } from "./event.ts";
import { Section } from "./facts.tsx";
import { distance, type Links, linksOf, LOGS, question, TEXTS } from "./related.ts";
import { useExact } from "./time.tsx";

type Rows = readonly (readonly unknown[])[];
type Found = Partial<Record<keyof typeof TEXTS, Rows | "failed">>;

const SETTLE_MS = 250;
const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

/** Whether an element came into sight once. */
function useSeen(element: React.RefObject<HTMLElement>): boolean {
  const [seen, setSeen] = React.useState(false);
  React.useEffect(() => {
    if (seen || !element.current) return undefined;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), { rootMargin: "200px" });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, seen]);
  return seen;
}

function useAround(event: EventView, on: boolean): Found {
  const [found, setFound] = React.useState<Found>({});
  React.useEffect(() => {
    setFound({});
    if (!on) return undefined;
    const controller = new AbortController();
    const timer = window.setTimeout(() => {
      for (const which of Object.keys(TEXTS) as (keyof typeof TEXTS)[]) {
        post<{ rows: Rows }>("query", question(which, event), { signal: controller.signal })
          .then(({ rows }) => setFound((now) => ({ ...now, [which]: rows })))
          .catch(() => !controller.signal.aborted && setFound((now) => ({ ...now, [which]: "failed" })));
      }
    }, SETTLE_MS);
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [event, on]);
  return found;
}

export function Related({ event }: { event: EventView }): React.ReactElement | null {
  const place = React.useRef<HTMLDivElement>(null);
  const links = React.useMemo(() => linksOf(event), [event]);
  const seen = useSeen(place);
  const found = useAround(event, seen && links.trace !== "");
  if (!Object.values(links).some(Boolean)) return null;
  return (
    <div ref={place} data-testid="related">
      <Section title="Around this event" extra={<LinksLine links={links} />}>
        {links.trace ? <Around event={event} links={links} found={found} /> : null}
      </Section>
    </div>
  );
}

function LinksLine({ links }: { links: Links }): React.ReactElement {
  const href = useHref();
  const ask = (query: string): string => href(`/app/discover?q=${encodeURIComponent(query)}`);
  const span = links.span ? `?span=${links.span}` : "";
  const all: readonly [string, string, React.ComponentProps<typeof Icon>["name"]][] = [
    [links.trace && href(`/app/traces/${links.trace}${span}`), "Trace", "traces"],
    [links.profile && ask(`from profiles profile.id:${links.profile}`), "Profile", "profiles"],
    [links.replay && ask(`from replays replay:${links.replay} | sort segment`), "Replay", "play"],
  ];
  return (
    <span className="related-links">
      {all.map(([to, label, icon]) =>
        to ? (
          <a key={label} className="button small" href={to}>
            <Icon name={icon} /> {label}
          </a>
        ) : null,
      )}
    </span>
  );
}

function Around({ event, links, found }: { event: EventView; links: Links; found: Found }): React.ReactElement {
  const href = useHref();
  const { spans, errors, logs } = found;
  if (!spans && !errors && !logs) return <div className="skeleton related-skeleton" aria-busy="true" />;
  const [count, longest, failed] = (Array.isArray(spans) ? spans[0] : undefined) ?? [];
  const nothing = [errors, logs].every((rows) => Array.isArray(rows) && rows.length === 0);
  return (
    <>
      {Number(count) > 0 ? (
        <p>
          <a href={href(`/app/traces/${links.trace}`)}>{formatNumber(Number(count))} spans</a>, the longest {formatDuration(Number(longest))}
          {Number(failed) > 0 ? <span className="warn-text">, {formatNumber(Number(failed))} failed</span> : ", none failed"}
        </p>
      ) : null}
      {Array.isArray(errors) && errors.length ? <Errors rows={errors} event={event} /> : null}
      {Array.isArray(logs) && logs.length ? <Logs rows={logs} event={event} trace={links.trace} /> : null}
      {nothing ? <p className="muted">Its trace has no logs and no other errors within half an hour.</p> : null}
      {Object.values(found).includes("failed") ? <p className="warn-text">A part of this could not be read.</p> : null}
    </>
  );
}

interface RowsProps {
  rows: Rows;
  event: EventView;
}

function Errors({ rows, event }: RowsProps): React.ReactElement {
  const href = useHref();
  return (
    <>
      <h3>Other errors of the trace</h3>
      <ul className="related-rows">
        {rows.map(([timestamp, issue, id, title]) => (
          <li key={text(id)}>
            <time>{distance(timestamp, event.timestamp)}</time>
            <a className="short-id" href={href(`/app/issues/${encodeURIComponent(text(issue))}/events/${encodeURIComponent(text(id))}`)}>
              {text(issue)}
            </a>
            <Clip text={text(title)} most={160} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Logs({ rows, event, trace }: RowsProps & { trace: string }): React.ReactElement {
  const href = useHref();
  const exact = useExact();
  return (
    <>
      <h3>
        Logs of the trace{" "}
        {rows.length >= LOGS ? (
          <a className="muted" href={href(`/app/discover?q=${encodeURIComponent(`from logs trace:${trace} | sort timestamp`)}`)}>
            the newest {LOGS}; all in Discover
          </a>
        ) : null}
      </h3>
      <ul className="related-rows">
        {[...rows].reverse().map(([timestamp, , level, message], place) => (
          <li key={place} className={/^(error|fatal|critical)/i.test(text(level)) ? "bad" : /^warn/i.test(text(level)) ? "warn" : ""}>
            <time title={exact(text(timestamp))}>{distance(timestamp, event.timestamp)}</time>
            <span className="related-level">{text(level).slice(0, 12)}</span>
            <Clip text={text(message)} most={240} className="mono" />
          </li>
        ))}
      </ul>
    </>
  );
}
