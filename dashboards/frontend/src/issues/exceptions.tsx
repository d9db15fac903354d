// The exception chain and its frames, newest first.
import * as React from "react";

import { Icon } from "../core/icons.tsx";
import { Clip } from "./clip.tsx";
import { CopyButton } from "./copy.tsx";
import { Facts, Section } from "./facts.tsx";
import { exceptionName, firstOpen, type Frame, groupFrames, type Group, place, type Raised, sourceLines, stackText } from "./stack.ts";

/** Exceptions newest first; what each was caused by follows it. */
export function Exceptions({ exceptions }: { exceptions: readonly Raised[] }): React.ReactElement {
  const newest = [...exceptions].reverse();
  return (
    <Section title={exceptions.length > 1 ? "Exceptions" : "Exception"} extra={<CopyButton text={() => stackText(exceptions)} label="Copy stack trace" />}>
      {newest.map((raised, i) => (
        <div key={i} className="exception">
          {i > 0 ? <p className="chain-word">{chainWord(newest[i - 1]!)}</p> : null}
          <ExceptionHead raised={raised} />
          <Stack frames={raised.frames} open={i === 0 || newest.length <= 3} />
        </div>
      ))}
    </Section>
  );
}

/** How an exception came of the one below it: explicitly caused, or raised while handling it. */
function chainWord(above: Raised): string {
  const source = above.mechanism?.source;
  if (source === "__context__") return "Raised while this was being handled:";
  if (above.mechanism?.is_exception_group === true) return "Member of the group:";
  return "Caused by:";
}

function ExceptionHead({ raised }: { raised: Raised }): React.ReactElement {
  const mechanism = raised.mechanism?.type;
  return (
    <div className="exception-head">
      <h3 title={exceptionName(raised)}>
        <Clip text={exceptionName(raised)} most={200} />
      </h3>
      {raised.handled === null ? null : <span className={raised.handled ? "badge" : "badge error"}>{raised.handled ? "handled" : "unhandled"}</span>}
      {typeof mechanism === "string" && mechanism !== "" && mechanism !== "generic" && mechanism !== "chained" ? (
        <span className="badge" title="Mechanism that caught it">
          {mechanism.slice(0, 60)}
        </span>
      ) : null}
      {raised.value === "" ? null : <Clip text={raised.value} className="exception-value" as="p" />}
    </div>
  );
}

/** Frames innermost first; library frames folded under one line with their number. */
export function Stack({ frames, open }: { frames: readonly Frame[]; open: boolean }): React.ReactElement {
  const groups = React.useMemo(() => groupFrames(frames), [frames]);
  const first = open ? firstOpen(frames) : -1;
  if (frames.length === 0) return <p className="muted">No stack trace was sent.</p>;
  return (
    <ol className="frames">
      {groups.map((group, i) => (
        <FrameGroup key={i} group={group} first={first} />
      ))}
    </ol>
  );
}

function FrameGroup({ group, first }: { group: Group; first: number }): React.ReactElement {
  const [shown, setShown] = React.useState(!group.folded);
  if (!shown) {
    return (
      <li className="frame-fold">
        <button type="button" onClick={() => setShown(true)}>
          <Icon name="right" /> {group.frames.length} frames of libraries
        </button>
      </li>
    );
  }
  return (
    <>
      {group.frames.map(({ frame, index }) => (
        <FrameRow key={index} frame={frame} openAtFirst={index === first} />
      ))}
    </>
  );
}

function FrameRow({ frame, openAtFirst }: { frame: Frame; openAtFirst: boolean }): React.ReactElement {
  const lines = React.useMemo(() => sourceLines(frame), [frame]);
  const variables = Object.entries(frame.vars ?? {});
  const more = lines.length > 0 || variables.length > 0;
  const [open, setOpen] = React.useState(openAtFirst && more);
  const name = (
    <>
      <span className="frame-function" title={frame.function}>
        <bdi>{frame.function || "<anonymous>"}</bdi>
      </span>
      <span className="frame-place" title={frame.abs_path || place(frame)}>
        <bdi>{place(frame)}</bdi>
      </span>
      {frame.module && frame.module !== frame.filename ? (
        <span className="frame-module" title={frame.module}>
          <bdi>{frame.module}</bdi>
        </span>
      ) : null}
      {frame.in_app ? <span className="visually-hidden">, own code</span> : null}
    </>
  );
  return (
    <li className={frame.in_app ? "frame own" : "frame"}>
      {more ? (
        <button type="button" className="frame-head" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="right" />
          {name}
        </button>
      ) : (
        <div className="frame-head bare">{name}</div>
      )}
      {open ? (
        <div className="frame-body">
          {lines.length > 0 ? (
            <pre className="source" tabIndex={0} aria-label={`Source around ${place(frame)}`}>
              {lines.map((line, i) => (
                <div key={i} className={line.failing ? "line failing" : "line"}>
                  <span className="line-number">{line.number ?? ""}</span>
                  <code>{line.text.slice(0, 1000) || " "}</code>
                  {line.failing ? <span className="visually-hidden"> (this line failed)</span> : null}
                </div>
              ))}
            </pre>
          ) : null}
          {variables.length > 0 ? <Facts rows={variables} /> : null}
        </div>
      ) : null}
    </li>
  );
}
