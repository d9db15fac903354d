// Who may see what is saved: a field that knows one's teams.
import * as React from "react";
import { sharings } from "../discover/saved.ts";
import { sharingsFor } from "../discover/saved_api.ts";

export function SharingField(props: { label: string; sharing: string; onChange: (sharing: string) => void }): React.ReactElement {
  const [first] = React.useState(props.sharing);
  const [places, setPlaces] = React.useState(() => sharings({ roles: [] }, [], first));
  React.useEffect(() => {
    const controller = new AbortController();
    // Without the teams one shares with everybody or nobody.
    sharingsFor(first, controller.signal).then(setPlaces, () => undefined);
    return () => controller.abort();
  }, [first]);
  return (
    <label className="field">
      {props.label}
      <select value={props.sharing} onChange={(event) => props.onChange(event.target.value)}>
        {places.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
