// Who, where and with what: the parts of an event that are names and values.
import * as React from "react";

import { useHref } from "../core/url.ts";
import { type Attachment, type EventView, remarkText, tagTerm } from "./event.ts";
import { Facts, Section } from "./facts.tsx";

/** Members of a context that say nothing a reader wants. */
const DULL = new Set(["type"]);

export function EventFacts({ event, issue }: { event: EventView; issue: string }): React.ReactElement {
  const user = Object.entries(event.user);
  const { request } = event;
  return (
    <>
      {event.tags.length > 0 ? (
        <Section title="Tags" count={event.tags.length}>
          <Tags tags={event.tags} issue={issue} />
        </Section>
      ) : null}
      {request === null ? null : (
        <Section title="Request">
          <Facts rows={requestRows(request)} />
        </Section>
      )}
      <div className="context-cards">
        {user.length > 0 ? (
          <Section title="User">
            <Facts rows={user} />
          </Section>
        ) : null}
        {event.contexts.map(([name, members]) => (
          <Section key={name} title={name.slice(0, 80)}>
            <Facts rows={Object.entries(members).filter(([member]) => !DULL.has(member))} />
          </Section>
        ))}
        <Section title="SDK">
          <Facts rows={sdkRows(event)} />
        </Section>
      </div>
      {event.attachments.length > 0 ? (
        <Section title="Files" count={event.attachments.length}>
          <Files files={event.attachments} project={event.project} />
        </Section>
      ) : null}
      {event.extra.length > 0 ? (
        <Section title="Extra" count={event.extra.length} folded={event.extra.length > 8}>
          <Facts rows={event.extra} />
        </Section>
      ) : null}
      {event.modules.length > 0 ? (
        <Section title="Modules" count={event.modules.length} folded>
          <Facts rows={event.modules} />
        </Section>
      ) : null}
      {event.unresolved.length > 0 ? (
        <Section title="Frames that stayed minified" count={event.unresolved.length}>
          <Facts rows={event.unresolved.map(({ path, detail }): [string, unknown] => [path, detail])} />
        </Section>
      ) : null}
      {event.remarks.length > 0 ? (
        <Section title="What Amber changed" count={event.remarks.length} folded>
          <ul className="remarks">
            {event.remarks.map((remark) => (
              <li key={remark}>{remarkText(remark)}</li>
            ))}
          </ul>
        </Section>
      ) : null}
    </>
  );
}

const KIB = 1024;

function bytes(size: number): string {
  if (size < KIB) return `${size} B`;
  return size < KIB * KIB ? `${(size / KIB).toFixed(1)} KiB` : `${(size / KIB / KIB).toFixed(1)} MiB`;
}

function Files({ files, project }: { files: readonly Attachment[]; project: string }): React.ReactElement {
  return (
    <ul className="file-list">
      {files.map((file) => (
        <li key={file.id}>
          {file.url === null ? (
            <bdi>{file.name}</bdi>
          ) : (
            <a href={`${file.url}?project=${encodeURIComponent(project)}`} download={file.name}>
              <bdi>{file.name}</bdi>
            </a>
          )}
          <span>{[file.content_type, bytes(file.size), file.url === null ? "not kept" : ""].filter((part) => part !== "").join(", ")}</span>
        </li>
      ))}
    </ul>
  );
}

function Tags({ tags, issue }: { tags: readonly [string, string][]; issue: string }): React.ReactElement {
  const href = useHref();
  return (
    <ul className="tag-list">
      {tags.map(([key, value], i) => (
        <li key={`${key}-${i}`}>
          <a
            className="tag"
            title={`Events of this issue with ${key} ${value}`.slice(0, 300)}
            href={href(`/app/discover?q=${encodeURIComponent(`from errors issue:${issue} ${tagTerm(key, value)}`)}`)}
          >
            <span className="tag-key">
              <bdi>{key}</bdi>
            </span>
            <span className="tag-value">
              <bdi>{value.slice(0, 300) || "(empty)"}</bdi>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

const FIRST = ["method", "url", "query_string", "fragment", "data", "headers", "cookies", "env"];

/** Members of the request in the order people look for them; pairs of headers as an object. */
function requestRows(request: Record<string, unknown>): [string, unknown][] {
  const known = FIRST.filter((key) => key in request);
  const rest = Object.keys(request).filter((key) => !FIRST.includes(key));
  return [...known, ...rest]
    .filter((key) => !isEmpty(request[key]))
    .flatMap((key): [string, unknown][] => (key === "headers" ? headerRows(request[key]) : [[key, request[key]]]));
}

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

function headerRows(headers: unknown): [string, unknown][] {
  const rows = Array.isArray(headers) ? headers.filter(Array.isArray).map((pair): [string, unknown] => [String(pair[0]), pair[1]]) : null;
  if (rows) return rows;
  return typeof headers === "object" && headers !== null ? Object.entries(headers) : [["headers", headers]];
}

function sdkRows(event: EventView): [string, unknown][] {
  const { sdk } = event;
  const rows: [string, unknown][] = [
    ["name", sdk.name],
    ["version", sdk.version],
    ["platform", event.platform],
    ["integrations", Array.isArray(sdk.integrations) ? sdk.integrations.join(", ") : sdk.integrations],
  ];
  return rows.filter(([, value]) => value !== undefined && value !== null && value !== "");
}
