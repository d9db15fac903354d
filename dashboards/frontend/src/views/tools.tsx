// The picker as the bars of pages take it.
import * as React from "react";
import { Views } from "./picker.tsx";

export const DiscoverViews = (): React.ReactElement => <Views page="discover" />;
export const IssueViews = (): React.ReactElement => <Views page="issues" />;
