// Buttons other parts of Amber put beside those of the list and of the page of an issue: one line each, in the order shown.
import type * as React from "react";

import type { Filters } from "./filters.ts";
import { MergeButton } from "./merging.tsx";
import type { Issue } from "./model.ts";
import { IssueViews } from "../views/tools.tsx";

/** A button of the bar that replaces the headings while rows are selected; `done` loads the list anew. */
export type BulkButton = React.ComponentType<{ ids: readonly string[]; everything: boolean; done: () => void }>;

/** A button of the head of an issue's page. */
export type HeadButton = React.ComponentType<{ issue: Issue }>;

/** A tool of the bar above the list, left of the order: `me` is the audit name of who looks. */
export type ListTool = React.ComponentType<{ filters: Filters; me: string }>;

export const LIST_TOOLS: readonly ListTool[] = [IssueViews];
export const BULK_BUTTONS: readonly BulkButton[] = [MergeButton];
export const HEAD_BUTTONS: readonly HeadButton[] = [];
