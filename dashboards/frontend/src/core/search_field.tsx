// A line with a search that is asked for when one presses Enter or leaves it.
import * as React from "react";

interface SearchFieldProps {
  label: string;
  placeholder: string;
  value: string;
  apply: (text: string) => void;
  /** Whether the key `/` comes to it. */
  main?: boolean;
}

export function SearchField({ label, placeholder, value, apply, main = false }: SearchFieldProps): React.ReactElement {
  const [typed, setTyped] = React.useState(value);
  const done = (): void => {
    if (typed !== value) apply(typed);
  };
  return (
    <input
      type="search"
      data-query={main ? "" : undefined}
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      spellCheck={false}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") done();
      }}
    />
  );
}
