// The time range: presets that move with the clock, or two fixed ends, in the zone one reads.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { DEFAULT_RANGE, type UrlState } from "../core/search.ts";
import { absoluteLabel, fromInput, inputTime, rangeLabel, RANGES, rangeMs, rfc3339, type Zone } from "../core/time.ts";
import { changeUrl, useUrl } from "../core/url.ts";
import { localZoneName, setZone, useZone } from "../core/zone.ts";

export function TimeMenu(): React.ReactElement {
  const { state } = useUrl();
  const zone = useZone();
  const chosen = state.start ? "" : state.range || DEFAULT_RANGE;
  const label = state.start ? absoluteLabel(state.start, state.end, zone) : rangeLabel(chosen);
  return (
    <>
      <Menu
        kind="dialog"
        name={`Time range: ${label}`}
        label={
          <>
            <Icon name="clock" />
            <span className="truncate">{label}</span>
            <Icon name="chevron" />
          </>
        }
      >
        {(close) => (
          <>
            {RANGES.map((preset) => (
              <button
                key={preset}
                type="button"
                className="item"
                aria-pressed={preset === chosen}
                onClick={() => {
                  changeUrl({ range: preset, start: "", end: "" });
                  close();
                }}
              >
                {rangeLabel(preset)}
                {preset === chosen ? <Icon name="check" /> : null}
              </button>
            ))}
            <hr />
            <Absolute state={state} zone={zone} close={close} />
          </>
        )}
      </Menu>
      <button
        type="button"
        className="button quiet zone"
        title="Zone in which times are shown"
        aria-label={`Times are shown in ${zone === "utc" ? "UTC" : "local time"}; change`}
        onClick={() => setZone(zone === "utc" ? "local" : "utc")}
      >
        {zone === "utc" ? "UTC" : localZoneName()}
      </button>
    </>
  );
}

function Absolute(props: { state: UrlState; zone: Zone; close: () => void }): React.ReactElement {
  const { state, zone, close } = props;
  const now = new Date();
  const before = new Date(now.getTime() - (rangeMs(state.range || DEFAULT_RANGE) ?? 864e5));
  const [start, setStart] = React.useState(inputTime(state.start ? new Date(state.start) : before, zone));
  const [end, setEnd] = React.useState(inputTime(state.end ? new Date(state.end) : now, zone));
  const from = fromInput(start, zone);
  const to = fromInput(end, zone);
  const wrong = Number.isNaN(from.getTime()) || Number.isNaN(to.getTime()) || from >= to;
  return (
    <form
      className="absolute-range"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong) return;
        changeUrl({ range: "", start: rfc3339(from), end: rfc3339(to) });
        close();
      }}
    >
      <label className="field">
        From
        <input type="datetime-local" value={start} onChange={(event) => setStart(event.target.value)} />
      </label>
      <label className="field">
        To
        <input type="datetime-local" value={end} onChange={(event) => setEnd(event.target.value)} />
      </label>
      <p className="hint">{wrong ? "The end must be after the start." : zone === "utc" ? "In UTC" : "In local time"}</p>
      <button type="submit" className="button primary" disabled={wrong}>
        Use this range
      </button>
    </form>
  );
}
