// One row of the issue list.
import * as React from "react";

import { formatNumber, formatShort } from "../core/format.ts";
import { type UrlState, withBar } from "../core/search.ts";
import { Ago } from "./time.tsx";
import { LevelMark, PriorityMark, Spark, Who } from "./marks.tsx";
import { type Issue, splitTitle, stateText } from "./model.ts";

export interface RowActs {
  toggle: (id: string, range: boolean) => void;
  point: (id: string) => void;
  assign: (id: string) => void;
}

interface RowProps {
  issue: Issue;
  index: number;
  top: number;
  height: number;
  selected: boolean;
  cursor: boolean;
  gone: boolean;
  now: number;
  step_s: number;
  bar: UrlState;
  acts: RowActs;
}

/** The address of an issue, with the projects and the time of the bar. */
export function issueHref(id: string, bar: UrlState, event = ""): string {
  const tail = event === "" ? "" : `/events/${encodeURIComponent(event)}`;
  return withBar(`/app/issues/${encodeURIComponent(id)}${tail}`, { ...bar, page: {} });
}

export const IssueRow = React.memo(function IssueRow(props: RowProps): React.ReactElement {
  const { issue, acts, gone, now } = props;
  const { type, value } = splitTitle(issue.title);
  const classes = ["issue-row", props.selected ? "selected" : "", props.cursor ? "cursor" : "", gone ? "gone" : ""];
  return (
    <div
      role="row"
      id={`issue-row-${issue.id}`}
      data-testid="issue-row"
      aria-rowindex={props.index + 2}
      aria-selected={props.selected}
      className={classes.join(" ").trim()}
      style={{ transform: `translateY(${props.top}px)`, height: props.height }}
      onClick={() => acts.point(issue.id)}
    >
      <div role="gridcell" className="cell check">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={props.selected}
          aria-label={`Select ${issue.id}`}
          onChange={() => undefined}
          onClick={(event) => {
            event.stopPropagation();
            acts.toggle(issue.id, event.shiftKey);
          }}
        />
      </div>
      <div role="gridcell" className="cell what">
        <div className="first-line">
          <LevelMark level={issue.level} />
          <a data-testid="issue-title" tabIndex={-1} href={issueHref(issue.id, props.bar)} title={issue.title} dir="auto">
            {type === "" ? null : <b>{type}</b>}
            {value === "" ? null : <span>{value}</span>}
            {type === "" && value === "" ? <span>(no title)</span> : null}
          </a>
        </div>
        <div className="second-line">
          <PriorityMark priority={issue.priority} />
          <span className="short-id">{issue.id}</span>
          <span className="project">{issue.project}</span>
          <Chips issue={issue} />
          <span className="culprit truncate" title={issue.culprit}>
            <bdi>{issue.culprit}</bdi>
          </span>
        </div>
      </div>
      <div role="gridcell" className="cell trend">
        <Spark trend={issue.trend} step_s={props.step_s} />
      </div>
      <Count value={issue.events} name="events" />
      <Count value={issue.users} name="users" />
      <When time={issue.last_seen} now={now} name="last" label="Last seen" />
      <When time={issue.created_at} now={now} name="first" label="First seen" />
      <div role="gridcell" className="cell assignee">
        <button
          type="button"
          tabIndex={-1}
          className="assign-button"
          aria-label={`Assign ${issue.id}`}
          onClick={(event) => {
            event.stopPropagation();
            acts.assign(issue.id);
          }}
        >
          <Who assignee={issue.assignee} />
        </button>
      </div>
    </div>
  );
});

function Chips({ issue }: { issue: Issue }): React.ReactElement {
  const status = issue.status === "unresolved" ? "" : stateText(issue);
  const loud = issue.status === "unresolved" && ["new", "regressed", "escalating"].includes(issue.substatus);
  return (
    <>
      {status ? (
        <span className={`badge state ${issue.status === "resolved" ? "good" : ""}`} title={status}>
          {status}
        </span>
      ) : null}
      {loud ? <span className={`badge ${issue.substatus === "new" ? "accent" : "warn"}`}>{issue.substatus}</span> : null}
    </>
  );
}

function Count({ value, name }: { value: number; name: string }): React.ReactElement {
  return (
    <div role="gridcell" className={`cell number ${name}`} title={`${formatNumber(value)} ${name}`}>
      {formatShort(value)}
    </div>
  );
}

function When({ time, now, name, label }: { time: string | null; now: number; name: string; label: string }): React.ReactElement {
  return (
    <div role="gridcell" className={`cell when ${name}`}>
      <Ago time={time} now={now} label={label} />
    </div>
  );
}
