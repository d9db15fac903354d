// A text one copies: a DSN, a token, a snippet.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { copyText } from "../issues/copy.tsx";

interface Props {
  text: string;
  name: string;
  /** Code of several lines. */
  block?: boolean;
  /** Shown whole, on as many lines as it takes. */
  wrap?: boolean;
}

const SHOWN_MS = 1500;

export function CopyText({ text, name, block = false, wrap = false }: Props): React.ReactElement {
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => {
    if (!copied) return undefined;
    const timer = window.setTimeout(() => setCopied(false), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    void copyText(text, `${name} copied.`);
    setCopied(true);
  };
  const shown = block ? (
    <pre tabIndex={0} aria-label={name}>
      <code>{text}</code>
    </pre>
  ) : (
    <code title={text}>{text}</code>
  );
  return (
    <div className={`copy-text${block ? " copy-block" : ""}${wrap ? " copy-wrap" : ""}`}>
      {shown}
      <button type="button" className="button quiet icon" aria-label={`Copy ${name}`} title={`Copy ${name}`} onClick={copy}>
        <Icon name={copied ? "check" : "copy"} />
      </button>
    </div>
  );
}
