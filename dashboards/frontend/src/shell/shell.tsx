// The frame of every page: follows the address, tells the server which page to show, keeps focus, scroll and title.
import * as React from "react";
import { type Shortcut, useShortcuts } from "../core/keys.ts";
import { refreshes } from "../core/refresh.ts";
import { watchDashRequests } from "../core/session.ts";
import { frozen, shifted, widened } from "../core/time.ts";
import { changeUrl, currentUrl, navigate, onUrl } from "../core/url.ts";
import { undoNewest } from "../core/toast.ts";
import { Bar } from "./bar.tsx";
import { Help } from "./help.tsx";
import { Palette } from "./palette.tsx";
import { Rail, type NavEntry } from "./rail.tsx";
import { copyLink } from "./share.tsx";
import { SessionEnded } from "./session_ended.tsx";
import { LiveRegion, Toasts } from "./toasts.tsx";
import { restoreScroll, usePageChange } from "./page_change.ts";

export interface Shown {
  pathname: string;
  search: string;
  /** Name of the entry of the rail. */
  name: string;
  title: string;
  reads_search: boolean;
}

export interface Me {
  email: string;
  name: string;
  role: string;
  organisation: string;
}

export interface ProjectName {
  slug: string;
  name: string;
}

interface Props {
  nav: NavEntry[];
  me: Me;
  projects: ProjectName[];
  facts: { version: string; ingest_url: string };
  shown?: Shown;
  children?: React.ReactNode;
  setProps: (props: { location: { pathname: string; search: string; refresh: number } }) => void;
}

watchDashRequests();

/** Tell the server where one is: always when the path changed, and when only the query string did, for pages that read it.
 *
 * Returns whether the page of the address is still on its way.
 */
function useLocation({ shown, setProps }: Props): boolean {
  const [waiting, setWaiting] = React.useState(true);
  const asked = React.useRef("");
  const readsSearch = React.useRef(true);
  readsSearch.current = shown?.reads_search ?? true;
  React.useEffect(() => {
    const tell = (pathname: string, search: string) => {
      asked.current = pathname + search;
      setWaiting(true);
      setProps({ location: { pathname, search, refresh: refreshes.get() } });
    };
    const ask = () => {
      const { pathname, search, shown: already } = currentUrl();
      if (already) asked.current = pathname + search;
      const samePath = asked.current.split("?")[0] === pathname;
      if (asked.current === pathname + search || (samePath && !readsSearch.current)) return;
      tell(pathname, search);
    };
    ask();
    const stop = [onUrl(ask), refreshes.subscribe(() => tell(currentUrl().pathname, currentUrl().search))];
    return () => stop.forEach((end) => end());
  }, [setProps]);
  React.useEffect(() => {
    if (!shown) return;
    if (asked.current.split("?")[0] === shown.pathname) setWaiting(false);
    document.title = shown.title ? `${shown.title} · Amber` : "Amber";
  }, [shown]);
  return waiting;
}

const EVERYWHERE = "Everywhere";

/** Keys of every page that change its time. */
const TIME_KEYS: readonly Shortcut[] = [
  { keys: "t arrowleft", label: "Earlier, by half of the time", group: EVERYWHERE, run: () => changeUrl(shifted(currentUrl().state, -1, Date.now())) },
  { keys: "t arrowright", label: "Later, by half of the time", group: EVERYWHERE, run: () => changeUrl(shifted(currentUrl().state, 1, Date.now())) },
  { keys: "t z", label: "Twice as much time", group: EVERYWHERE, run: () => changeUrl(widened(currentUrl().state, Date.now())) },
  { keys: "t a", label: "Hold this time: fixed ends", group: EVERYWHERE, run: () => changeUrl(frozen(currentUrl().state, Date.now())) },
];

export function Shell(props: Props): React.ReactElement {
  const { nav, shown } = props;
  const [help, setHelp] = React.useState(false);
  const [palette, setPalette] = React.useState(false);
  const main = React.useRef<HTMLElement>(null);
  const waiting = useLocation(props);
  usePageChange(main, shown?.pathname ?? "");
  useLinks();
  useShortcuts([
    { keys: "mod+k", label: "Go to or do something", group: EVERYWHERE, run: () => setPalette(true), everywhere: true },
    { keys: "?", label: "Show the shortcuts", group: EVERYWHERE, run: () => setHelp(true) },
    { keys: "/", label: "To the query", group: EVERYWHERE, run: focusQuery },
    { keys: "u", label: "Undo the last change", group: EVERYWHERE, run: () => void undoNewest() },
    { keys: "y", label: "Copy a link to exactly this time", group: EVERYWHERE, run: () => void copyLink(true) },
    ...TIME_KEYS,
    ...nav.map((entry) => ({
      keys: entry.keys,
      label: `Go to ${entry.label}`,
      group: EVERYWHERE,
      run: () => navigate(entry.href),
    })),
  ]);

  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => skip(event, main.current)}>
        Skip to the content
      </a>
      <Rail nav={nav} current={shown?.name ?? ""} version={props.facts.version} onPalette={() => setPalette(true)} onHelp={() => setHelp(true)} />
      <Bar me={props.me} projects={props.projects} shares={shown !== undefined && shown.name !== "discover"} />
      <main id="main" ref={main} tabIndex={-1} aria-busy={waiting} className={waiting ? "waiting" : ""}>
        {shown ? null : <div className="page-skeleton skeleton" />}
        {props.children}
      </main>
      <Toasts />
      <LiveRegion />
      <Help open={help} onClose={() => setHelp(false)} />
      {palette ? <Palette nav={nav} projects={props.projects} onClose={() => setPalette(false)} /> : null}
      <SessionEnded />
    </div>
  );
}

function focusQuery(): void {
  document.querySelector<HTMLElement>("[data-query] .cm-content, [data-query] input, input[data-query]")?.focus();
}

function skip(event: React.MouseEvent, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}

/** Links to pages of the application go there without loading the document anew. */
function useLinks(): void {
  React.useEffect(() => {
    const onClick = (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = (event.target as Element | null)?.closest?.("a[href]");
      if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
      const url = new URL(link.href);
      if (url.origin !== window.location.origin || !/^\/app(\/|$)/.test(url.pathname)) return;
      event.preventDefault();
      navigate(url.pathname + url.search + url.hash);
    };
    document.addEventListener("click", onClick);
    restoreScroll();
    return () => document.removeEventListener("click", onClick);
  }, []);
}
