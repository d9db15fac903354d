// What other parts of Amber put into the toolbar of Discover: one line each, in the order shown.
import type * as React from "react";
import { AddToBoard } from "../boards/add_to_board.tsx";
import { WhyTool } from "../rca/why.tsx";
import { DiscoverViews } from "../views/tools.tsx";

/** A tool beside the examples: `text` is what stands in the query line, `sql` whether that is SQL. */
export type ToolbarTool = React.ComponentType<{ text: string; sql: boolean }>;

export const TOOLBAR: readonly ToolbarTool[] = [DiscoverViews, AddToBoard, WhyTool];
