// The shortcuts that exist where one is: each can be given other keys, and single keys can be switched off.
import * as React from "react";
import { clashes, keyName, spokenKeys } from "../core/chords.ts";
import { Dialog } from "../core/dialog.tsx";
import { chooseKeys, chosenKeys, enableKeys, keysEnabled, keysOf, nameOf, type Shortcut, shortcuts } from "../core/keys.ts";
import { useStore } from "../core/store.ts";

export function Help({ open, onClose }: { open: boolean; onClose: () => void }): React.ReactElement {
  const all = useStore(shortcuts);
  const enabled = useStore(keysEnabled);
  const chosen = useStore(chosenKeys);
  const [changing, setChanging] = React.useState("");
  React.useEffect(() => setChanging(""), [open]);
  const groups = new Map<string, Shortcut[]>();
  for (const shortcut of all) {
    const group = groups.get(shortcut.group) ?? [];
    if (!group.some((known) => known.keys === shortcut.keys)) group.push(shortcut);
    groups.set(shortcut.group, group);
  }
  return (
    <Dialog title="Keyboard shortcuts" open={open} onClose={onClose}>
      <p className="muted help-lead">Click on keys to choose others. They stay in this browser.</p>
      <div className="help-groups">
        {[...groups].map(([name, entries]) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {entries.map((shortcut) => (
                <Line
                  key={shortcut.keys}
                  shortcut={shortcut}
                  changing={changing === nameOf(shortcut)}
                  onChanging={(on) => setChanging(on ? nameOf(shortcut) : "")}
                  others={all.filter((other) => nameOf(other) !== nameOf(shortcut))}
                />
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className="help-foot">
        <label className="check">
          <input type="checkbox" checked={enabled} onChange={(event) => enableKeys(event.target.checked)} />
          Single keys are shortcuts
        </label>
        {Object.keys(chosen).length ? (
          <button type="button" className="button" onClick={() => all.forEach((shortcut) => chooseKeys(shortcut, null))}>
            All as they were
          </button>
        ) : null}
      </div>
    </Dialog>
  );
}

interface LineProps {
  shortcut: Shortcut;
  changing: boolean;
  onChanging: (on: boolean) => void;
  others: readonly Shortcut[];
}

function Line({ shortcut, changing, onChanging, others }: LineProps): React.ReactElement {
  const keys = keysOf(shortcut);
  const taken = clashes(keys, others.map((other) => ({ keys: keysOf(other), label: other.label })));
  return (
    <div>
      <dt>
        {shortcut.label}
        {keys !== shortcut.keys && taken.length ? <span className="warn-text"> also: {taken.join(", ")}</span> : null}
      </dt>
      <dd>
        {changing ? (
          <Chooser shortcut={shortcut} done={() => onChanging(false)} />
        ) : (
          <button type="button" className="keys" aria-label={`${shortcut.label}: ${spokenKeys(keys).join(" then ") || "no keys"}; change`} onClick={() => onChanging(true)}>
            {spokenKeys(keys).map((key, index) => (
              <kbd key={index}>{key}</kbd>
            ))}
            {keys ? null : <span className="muted">none</span>}
          </button>
        )}
      </dd>
    </div>
  );
}

const MOST_PRESSES = 2;

/** Takes one or two presses; Enter keeps them, Escape leaves all as it was, Delete takes the keys away. */
function Chooser({ shortcut, done }: { shortcut: Shortcut; done: () => void }): React.ReactElement {
  const [pressed, setPressed] = React.useState<readonly string[]>([]);
  const field = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => field.current?.focus(), []);
  const keep = (keys: string | null) => {
    chooseKeys(shortcut, keys);
    done();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Tab" || /^(shift|control|alt|meta)$/i.test(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") done();
    else if (event.key === "Enter") pressed.length ? keep(pressed.join(" ")) : done();
    else if (event.key === "Backspace" || event.key === "Delete") pressed.length ? setPressed([]) : keep("");
    else setPressed([...pressed, keyName(event)].slice(-MOST_PRESSES));
  };
  return (
    <span className="keys-chooser">
      <input
        ref={field}
        type="text"
        readOnly
        value={spokenKeys(pressed.join(" ")).join(", ")}
        placeholder="Press keys, then Enter"
        aria-label={`Keys for ${shortcut.label}: press one or two, then Enter; Delete for none; Escape leaves them`}
        onKeyDown={onKeyDown}
        onBlur={done}
      />
      {keysOf(shortcut) === shortcut.keys ? null : (
        <button type="button" className="button quiet small" onMouseDown={(event) => event.preventDefault()} onClick={() => keep(null)}>
          Reset
        </button>
      )}
    </span>
  );
}
