// The root-cause panel as the page of an issue takes it: from when the issue began, whatever the bar says.
import * as React from "react";

import { RootCause } from "./panel.tsx";

export function IssueRootCause({ issue }: { issue: string }): React.ReactElement {
  return (
    <div className="card rca-card">
      <RootCause subject={{ issue }} />
    </div>
  );
}
