// Everything Dash may place on a page, by the name of its Python class. A feature adds its line here.
import { BoardList } from "./boards/list.tsx";
import { BoardView } from "./boards/page.tsx";
import { Discover } from "./discover/page.tsx";
import { IssueEvent } from "./issues/event.tsx";
import { IssueHeader } from "./issues/header.tsx";
import { IssueList } from "./issues/list.tsx";
import { IssueMerging } from "./issues/merging.tsx";
import { IssueOwners } from "./issues/owners.tsx";
import { IssueActivity, IssueFacts, IssueTags } from "./issues/side.tsx";
import { IssueGrouping } from "./issues/grouped.tsx";
import { IssueReview } from "./issues/review.tsx";
import { IssueSuspects } from "./issues/suspects.tsx";
import { IssueRootCause } from "./rca/issue.tsx";
import { ReleaseView } from "./releases/detail.tsx";
import { ReleaseList } from "./releases/list.tsx";
import { MonitorView } from "./monitors/detail.tsx";
import { MonitorList } from "./monitors/list.tsx";
import { ServiceMap } from "./map/page.tsx";
import { Profiles } from "./profiles/page.tsx";
import { ActionButton } from "./settings/action_button.tsx";
import { CopyText } from "./settings/copy_text.tsx";
import { FilterLine } from "./settings/filter_line.tsx";
import { Form } from "./settings/form.tsx";
import { ScrubRules } from "./settings/scrub_rules.tsx";
import { Refresher } from "./settings/refresher.tsx";
import { When } from "./settings/when.tsx";
import { ReportPage } from "./reports/page.tsx";
import { Shell } from "./shell/shell.tsx";
import { ReplayList } from "./replays/list.tsx";
import { ReplayView } from "./replays/view.tsx";
import { TraceView } from "./trace/page.tsx";
import { Traces } from "./traces/page.tsx";
import { Transactions } from "./transactions/page.tsx";
import { FirstEvent } from "./welcome/first_event.tsx";

const components = {
  Shell,
  Discover,
  IssueList,
  IssueHeader,
  IssueEvent,
  IssueFacts,
  IssueTags,
  IssueActivity,
  IssueGrouping,
  IssueSuspects,
  IssueMerging,
  IssueOwners,
  IssueReview,
  IssueRootCause,
  Traces,
  TraceView,
  ReplayList,
  ReportPage,
  ReplayView,
  Profiles,
  ServiceMap,
  Transactions,
  ReleaseList,
  ReleaseView,
  BoardList,
  BoardView,
  MonitorList,
  MonitorView,
  ActionButton,
  CopyText,
  FilterLine,
  Form,
  Refresher,
  ScrubRules,
  When,
  FirstEvent,
};

(window as unknown as { amber_ui: typeof components }).amber_ui = components;
