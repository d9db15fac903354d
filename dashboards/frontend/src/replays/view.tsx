// The page of a replay: the recording in its own frame, the time line, and what happened as a list that follows it.
import * as React from "react";

import { formatCount, formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { useShortcuts } from "../core/keys.ts";
import { painted } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { useRows } from "../core/rows.ts";
import { textOf } from "../core/values.ts";
import { rfc3339 } from "../core/time.ts";
import { changePage, currentUrl, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { Moment } from "../issues/time.tsx";
import { LANE_NAMES, Lanes } from "./lanes.tsx";
import { type Loaded, loadReplay } from "./load.ts";
import { canPlay, clock, type ErrorMark, inOrder, type Lane, LANES, type Mark, nextFailure, type Recorded, type Timeline, timelineOf } from "./model.ts";
import { SPEEDS } from "./talk.ts";
import { type Player, usePlayer } from "./player.ts";

const ERRORS = "from errors | where replay = $replay | sort timestamp, id | project timestamp, issue, id, title | limit 200";
const MARGIN_MS = 60_000;
/** A replay is found whenever it was: the time of the bar is about lists. */
const EVER = "400d";

interface Asked {
  loaded: Loaded | null;
  problem: Problem | null;
  retry: () => void;
}

function useReplay(replay: string): Asked {
  const [loaded, setLoaded] = React.useState<Loaded | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setProblem(null);
    loadReplay(replay, [["range", EVER]], controller.signal)
      .then(setLoaded)
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [replay, tries]);
  return { loaded, problem, retry: () => setTries(tries + 1) };
}

/** The page `/app/replays/<id>`. */
export function ReplayView({ replay }: { replay: string }): React.ReactElement {
  const { loaded, problem, retry } = useReplay(replay);
  return (
    <section className="map-page replay-page" aria-label="Replay" aria-busy={!loaded && !problem}>
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {!loaded && !problem ? <div className="skeleton replay-skeleton" /> : null}
      {loaded ? <Played key={replay} replay={replay} loaded={loaded} /> : null}
    </section>
  );
}

function useTimeline(replay: string, events: readonly Recorded[]): Timeline {
  const begin = events[0]?.timestamp ?? 0;
  const end = events.at(-1)?.timestamp ?? 0;
  const body = React.useMemo(
    () => (begin > 0 ? { query: ERRORS, params: { replay }, start: rfc3339(new Date(begin - MARGIN_MS)), end: rfc3339(new Date(end + MARGIN_MS)) } : null),
    [replay, begin, end],
  );
  const { rows } = useRows(body);
  return React.useMemo(() => {
    const errors: ErrorMark[] = (rows ?? []).map(([timestamp, issue, id, title]) => ({ timestamp: textOf(timestamp), issue: textOf(issue), id: textOf(id), title: textOf(title) }));
    return timelineOf(events, errors);
  }, [events, rows]);
}

function Played({ replay, loaded }: { replay: string; loaded: Loaded }): React.ReactElement {
  const events = React.useMemo(() => inOrder(loaded.recordings), [loaded]);
  const timeline = useTimeline(replay, events);
  const playable = canPlay(events);
  const first = React.useRef(Math.max(0, Number(currentUrl().state.page.at ?? "0") * 1000 || 0));
  const player = usePlayer(playable ? events : null, timeline.duration, first.current);
  const { state } = useUrl();
  const lane = LANES.find((one) => one === state.page.lane) ?? null;
  React.useEffect(() => {
    if (!playable || player.shown) painted("replay");
  }, [playable, player.shown]);
  const fail = (way: 1 | -1): void => {
    const mark = nextFailure(timeline.marks, player.at, way);
    if (mark) player.seek(Math.max(0, mark.at - 1000));
  };
  useShortcuts([
    { keys: "space", label: "Play or pause", group: "Replay", run: () => player.toggle() },
    { keys: "]", label: "Next error", group: "Replay", run: () => fail(1) },
    { keys: "[", label: "Previous error", group: "Replay", run: () => fail(-1) },
  ]);
  return (
    <>
      <Head replay={replay} loaded={loaded} timeline={timeline} />
      <div className="replay-body">
        <div className="replay-main">
          {playable ? (
            <div className="replay-stage">
              <iframe ref={player.frame} src="/app/replay-frame" title="The recorded page" />
              {player.shown || player.failed ? null : <div className="skeleton replay-cover" />}
              {player.failed ? <p className="replay-note">This recording cannot be shown: a part of it is missing or broken. What happened stands beside it.</p> : null}
            </div>
          ) : (
            <NotPlayable loaded={loaded} />
          )}
          {playable ? <Controls player={player} timeline={timeline} fail={fail} /> : null}
          <Lanes timeline={timeline} at={player.at} seek={player.seek} />
        </div>
        <Happened timeline={timeline} lane={lane} at={player.at} seek={player.seek} />
      </div>
    </>
  );
}

function Head({ replay, loaded, timeline }: { replay: string; loaded: Loaded; timeline: Timeline }): React.ReactElement {
  const href = useHref();
  const failures = timeline.marks.filter(({ lane }) => lane === "errors").length;
  return (
    <header className="map-head">
      <h1>Replay {replay.slice(0, 8)}</h1>
      <span className="muted">
        {timeline.begin > 0 ? <Moment time={new Date(timeline.begin).toISOString()} /> : null} · {clock(timeline.duration)} · {formatCount(loaded.segments.length, "segment")}
        {failures > 0 ? (
          <>
            {" · "}
            <b className="bad-text">{formatCount(failures, "error")}</b>
          </>
        ) : null}
      </span>
      {loaded.missing > 0 ? <span className="badge warn">{formatCount(loaded.missing, "segment")} could not be read</span> : null}
      {loaded.left > 0 ? <span className="badge warn">{formatCount(loaded.left, "segment")} too much for a browser</span> : null}
      <span className="trace-gap" />
      <a className="button quiet" href={href(`/app/discover?q=${encodeURIComponent(`from errors replay:${replay}`)}`)}>
        Its errors in Discover
      </a>
    </header>
  );
}

function NotPlayable({ loaded }: { loaded: Loaded }): React.ReactElement {
  const video = loaded.segments.some(({ recording_kind }) => recording_kind === "video");
  const whole = loaded.segments.find(({ url }) => url !== null);
  return (
    <div className="empty">
      <h2>{video ? "A recording of a mobile screen" : "There is nothing to play"}</h2>
      <p>{video ? "Amber does not play videos of mobile screens. The segments can be saved, each a MessagePack of event, recording and video." : "The client sent no picture of the whole page, or its retention is over. What is known of the time stands beside."}</p>
      {whole ? (
        <a className="button" href={`${whole.url!}?range=${EVER}`} download="">
          Save the first segment
        </a>
      ) : null}
    </div>
  );
}

interface ControlsProps {
  player: Player;
  timeline: Timeline;
  fail: (way: 1 | -1) => void;
}

function Controls({ player, timeline, fail }: ControlsProps): React.ReactElement {
  const none = nextFailure(timeline.marks, -1e4, 1) === null;
  return (
    <div className="replay-controls" role="group" aria-label="Player">
      <button type="button" className="button primary" disabled={!player.shown} onClick={player.toggle}>
        <Icon name={player.playing ? "stop" : "play"} />
        {player.playing ? "Pause" : "Play"}
      </button>
      <span className="replay-clock" role="timer">
        {clock(player.at)} / {clock(timeline.duration)}
      </span>
      <button type="button" className="button quiet" disabled={none} onClick={() => fail(-1)}>
        <Icon name="left" />
        Error
      </button>
      <button type="button" className="button quiet" disabled={none} onClick={() => fail(1)}>
        Next error
        <Icon name="right" />
      </button>
      <label className="check">
        <input type="checkbox" checked={player.skipIdle} onChange={(event) => player.setSkipIdle(event.target.checked)} />
        Skip idle time
      </label>
      <label>
        Speed{" "}
        <select value={player.speed} onChange={(event) => player.setSpeed(Number(event.target.value))}>
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed}>
              {speed}×
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="button quiet" title="Puts this moment into the address" onClick={() => changePage({ at: String(Math.round(player.at / 1000)) }, { replace: true })}>
        <Icon name="link" />
        Link to here
      </button>
    </div>
  );
}

const MOST_ROWS = 400;

interface HappenedProps {
  timeline: Timeline;
  lane: Lane | null;
  at: number;
  seek: (at: number) => void;
}

function Happened({ timeline, lane, at, seek }: HappenedProps): React.ReactElement {
  const href = useHref();
  const lanes = LANES.filter((one) => timeline.marks.some((mark) => mark.lane === one));
  const marks = lane ? timeline.marks.filter((mark) => mark.lane === lane) : timeline.marks;
  const now = marks.findLastIndex((mark) => mark.at <= at + 50);
  const first = Math.max(0, Math.min(now - MOST_ROWS / 2, marks.length - MOST_ROWS));
  const list = React.useRef<HTMLUListElement>(null);
  React.useEffect(() => {
    const row = list.current?.querySelector<HTMLElement>('[aria-current="true"]');
    if (row && list.current && !list.current.contains(document.activeElement)) list.current.scrollTop = Math.max(0, row.offsetTop - list.current.clientHeight / 2);
  }, [now, lane]);
  return (
    <aside className="replay-side" aria-label="What happened">
      <div className="replay-filter">
        <label>
          Show{" "}
          <select value={lane ?? ""} onChange={(event) => changePage({ lane: event.target.value }, { replace: true })}>
            <option value="">everything ({formatNumber(timeline.marks.length)})</option>
            {lanes.map((one) => (
              <option key={one} value={one}>
                {LANE_NAMES[one]} ({formatNumber(timeline.marks.filter((mark) => mark.lane === one).length)})
              </option>
            ))}
          </select>
        </label>
      </div>
      <ul ref={list} className="replay-marks">
        {marks.slice(first, first + MOST_ROWS).map((mark, i) => (
          <MarkRow key={first + i} mark={mark} current={first + i === now} seek={seek} href={mark.href ? href(mark.href) : ""} />
        ))}
      </ul>
      {marks.length === 0 ? <p className="muted replay-none">Nothing was recorded beside the page.</p> : null}
    </aside>
  );
}

function MarkRow({ mark, current, seek, href }: { mark: Mark; current: boolean; seek: (at: number) => void; href: string }): React.ReactElement {
  return (
    <li className={mark.level} aria-current={current ? "true" : undefined}>
      <button type="button" onClick={() => seek(mark.at)}>
        <time>{clock(mark.at)}</time>
        <span className="replay-lane">{LANE_NAMES[mark.lane]}</span>
        <bdi>{mark.text}</bdi>
      </button>
      {href ? (
        <a href={href} aria-label={`Open the issue: ${mark.text.slice(0, 80)}`}>
          <Icon name="open" />
        </a>
      ) : null}
    </li>
  );
}
