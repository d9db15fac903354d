// The palette: every page, every action of the page one is on, projects, saved and earlier queries, and what a pasted id names.
import * as React from "react";
import { get } from "../core/api.ts";
import { spokenKeys } from "../core/chords.ts";
import { Icon, type IconName } from "../core/icons.tsx";
import { keysOf, shortcuts } from "../core/keys.ts";
import { useStore } from "../core/store.ts";
import { setTheme } from "../core/theme.ts";
import { RANGES, rangeLabel } from "../core/time.ts";
import { say } from "../core/toast.ts";
import { changeUrl, navigate } from "../core/url.ts";
import { setZone } from "../core/zone.ts";
import { earlierQueries } from "../discover/history.ts";
import { byGroup, type Choice, placesOf, ranked } from "./palette.ts";
import type { NavEntry } from "./rail.tsx";
import type { ProjectName } from "./shell.tsx";

interface Props {
  nav: readonly NavEntry[];
  projects: readonly ProjectName[];
  onClose: () => void;
}

interface Runnable extends Choice {
  icon: IconName;
  run: () => void;
}

const SHOWN = 40;
const SAVED_SHOWN = 50;
const EARLIER_SHOWN = 8;

const SETTINGS: readonly [string, string, string][] = [
  ["Your account", "/app/settings/account", "password sessions"],
  ["Projects", "/app/settings/projects", "keys dsn"],
  ["People", "/app/settings/people", "users roles invite"],
  ["Teams", "/app/settings/teams", ""],
  ["Tokens", "/app/settings/tokens", "api access"],
  ["Ingest state", "/app/settings/state", "health lag spool dead letters usage outcomes"],
  ["Audit", "/app/settings/audit", "who did what"],
];

/** The queries people saved, once the palette is open; without them when they cannot be read. */
function useSaved(): readonly { id: number; name: string; text: string }[] {
  const [saved, setSaved] = React.useState<readonly { id: number; name: string; text: string }[]>([]);
  React.useEffect(() => {
    const controller = new AbortController();
    get<{ items: { id: number; name: string; text: string }[] }>("saved-queries", { query: { limit: String(SAVED_SHOWN) }, signal: controller.signal })
      .then(({ items }) => setSaved(items))
      .catch(() => undefined);
    return () => controller.abort();
  }, []);
  return saved;
}

function pages(nav: readonly NavEntry[]): Runnable[] {
  const go = (href: string) => () => navigate(href);
  return [
    ...nav.map((entry) => ({ id: `page ${entry.name}`, label: entry.label, group: "Pages", note: spokenKeys(entry.keys).join(" "), icon: entry.icon, run: go(entry.href) })),
    { id: "page suggestions", label: "Merges to review", group: "Pages", words: "suggestions split recluster", icon: "layers", run: go("/app/issues/review") },
    ...SETTINGS.map(([label, href, words]) => ({ id: `page ${href}`, label, group: "Settings", words, icon: "settings" as const, run: go(href) })),
  ];
}

/** What the shortcuts of the page do; going to pages is listed above already. */
function actions(): Runnable[] {
  const seen = new Set<string>();
  return shortcuts.get().flatMap((shortcut) => {
    if (seen.has(shortcut.label) || shortcut.label.startsWith("Go to ")) return [];
    seen.add(shortcut.label);
    const run = () => shortcut.run(new KeyboardEvent("keydown"));
    return [{ id: `act ${shortcut.group} ${shortcut.label}`, label: shortcut.label, group: shortcut.group === "Everywhere" ? "Actions" : `Actions: ${shortcut.group}`, note: spokenKeys(keysOf(shortcut)).join(" "), icon: "right" as const, run }];
  });
}

function settings(projects: readonly ProjectName[]): Runnable[] {
  return [
    ...projects.map(({ slug, name }) => ({ id: `project ${slug}`, label: `Only ${name}`, group: "Projects", words: slug, icon: "folder" as const, run: () => changeUrl({ projects: [slug] }) })),
    { id: "project all", label: "All projects", group: "Projects", icon: "folder", run: () => changeUrl({ projects: [] }) },
    ...RANGES.map((range) => ({ id: `range ${range}`, label: rangeLabel(range), group: "Time", icon: "clock" as const, run: () => changeUrl({ range, start: "", end: "" }) })),
    { id: "zone utc", label: "Times in UTC", group: "Time", icon: "clock", run: () => setZone("utc") },
    { id: "zone local", label: "Times in local time", group: "Time", icon: "clock", run: () => setZone("local") },
    { id: "theme light", label: "Light theme", group: "Theme", icon: "sun", run: () => setTheme("light") },
    { id: "theme dark", label: "Dark theme", group: "Theme", icon: "moon", run: () => setTheme("dark") },
    { id: "theme auto", label: "Theme as the system", group: "Theme", icon: "auto", run: () => setTheme("auto") },
  ];
}

const discover = (text: string) => `/app/discover?q=${encodeURIComponent(text)}`;

function queries(saved: readonly { id: number; name: string; text: string }[]): Runnable[] {
  return [
    ...saved.map(({ id, name, text }) => ({ id: `saved ${id}`, label: name, group: "Saved queries", words: text, note: text, icon: "star" as const, run: () => navigate(`/app/discover?saved=${id}`) })),
    ...earlierQueries().slice(0, EARLIER_SHOWN).map((text) => ({ id: `earlier ${text}`, label: text, group: "Earlier queries", icon: "history" as const, run: () => navigate(discover(text)) })),
  ];
}

/** What a text leads to by itself: the thing it names, a filter of issues, a question. */
function typedChoices(typed: string): Runnable[] {
  const text = typed.trim();
  if (!text) return [];
  return [
    { id: "ask", label: `Ask Discover: ${text}`, group: "Search", icon: "discover", run: () => navigate(discover(text)) },
    { id: "issues", label: `Issues with: ${text}`, group: "Search", icon: "issues", run: () => navigate(`/app/issues?tab=all&q=${encodeURIComponent(text)}`) },
  ];
}

export function Palette({ nav, projects, onClose }: Props): React.ReactElement {
  const dialog = React.useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = React.useState("");
  const [at, setAt] = React.useState(0);
  const saved = useSaved();
  const known = useStore(shortcuts);
  const all = React.useMemo(() => [...pages(nav), ...actions(), ...queries(saved), ...settings(projects)], [nav, projects, saved, known]);
  const found = React.useMemo(() => {
    const named = placesOf(typed).map((place): Runnable => ({ id: place.href, label: place.label, group: "Open", icon: "open", run: () => navigate(place.href) }));
    return byGroup([...named, ...ranked(typed, all, SHOWN), ...typedChoices(typed)]);
  }, [all, typed]);
  const flat = found.flatMap(([, members]) => members);
  React.useEffect(() => dialog.current?.showModal(), []);
  React.useEffect(() => say(`${flat.length} found`), [flat.length]);
  React.useEffect(() => {
    document.getElementById(`palette-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at, found]);
  const choose = (choice: Runnable | undefined) => {
    if (!choice) return;
    dialog.current?.close();
    onClose();
    choice.run();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((at + step + flat.length) % Math.max(1, flat.length));
    else if (event.key === "Enter") choose(flat[at]);
    else return;
    event.preventDefault();
  };
  let place = -1;
  return (
    <dialog ref={dialog} className="dialog palette" aria-label="Go to or do something" onClose={onClose} onClick={(event) => event.target === dialog.current && onClose()}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={flat[at] ? `palette-${at}` : undefined}
        aria-label="Page, action, query, issue or id"
        placeholder="Page, action, query, issue or id"
        autoFocus
        spellCheck={false}
        value={typed}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
      />
      <div id="palette-list" role="listbox" aria-label="Found" className="palette-list">
        {found.map(([group, members]) => (
          <div key={group} role="group" aria-label={group}>
            <p className="label" aria-hidden="true">
              {group}
            </p>
            {members.map((choice) => {
              place += 1;
              const own = place;
              return (
                <div key={choice.id} id={`palette-${own}`} role="option" aria-selected={own === at} className="palette-one" onMouseMove={() => own !== at && setAt(own)} onClick={() => choose(choice)}>
                  <Icon name={choice.icon} />
                  <span className="truncate">{choice.label}</span>
                  {choice.note ? <span className="note muted truncate">{choice.note}</span> : null}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </dialog>
  );
}

