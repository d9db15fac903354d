// The line of headings of a plain table.
import * as React from "react";

/** Headings; those of numbers stand at the right. */
export function TableHead({ texts = [], numbers = [] }: { texts?: readonly string[]; numbers?: readonly string[] }): React.ReactElement {
  return (
    <thead>
      <tr>
        {texts.map((name) => (
          <th key={name}>{name}</th>
        ))}
        {numbers.map((name) => (
          <th key={name} className="number">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
