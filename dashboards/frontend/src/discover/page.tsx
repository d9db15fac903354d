// The Discover page.
import * as React from "react";

export interface Example {
  title: string;
  text: string;
  teaches: string;
}

export function Discover({ examples }: { examples: Example[] }): React.ReactElement {
  return (
    <div className="discover">
      <h1 className="visually-hidden">Discover</h1>
      {examples.map((example) => example.title)}
    </div>
  );
}
