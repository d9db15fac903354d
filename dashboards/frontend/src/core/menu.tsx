// A button with something that opens below it: a menu, a list, a small form. Closes by Escape, by a click elsewhere, and
// gives the focus back.
import * as React from "react";

interface Props {
  /** What the button shows. */
  label: React.ReactNode;
  /** Its name for screen readers, when `label` is not text enough. */
  name?: string;
  className?: string;
  /** `menu` moves by arrow keys between its items. */
  kind?: "menu" | "dialog";
  align?: "start" | "end";
  onOpen?: () => void;
  children: (close: () => void) => React.ReactNode;
}

export function Menu(props: Props): React.ReactElement {
  const { label, name, className = "button quiet", kind = "menu", align = "start" } = props;
  const [open, setOpen] = React.useState(false);
  const root = React.useRef<HTMLDivElement>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const panel = React.useRef<HTMLDivElement>(null);
  const close = React.useCallback(() => {
    setOpen(false);
    button.current?.focus();
  }, []);

  React.useEffect(() => {
    if (!open) return undefined;
    const first = panel.current?.querySelector<HTMLElement>("[autofocus], input, [role^=menuitem], button, a[href]");
    first?.focus();
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [open]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
    if (kind === "menu") moveByKeys(event, panel.current);
  };

  return (
    <div className="menu-root" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        ref={button}
        className={className}
        aria-haspopup={kind}
        aria-expanded={open}
        aria-label={name}
        title={name}
        onClick={() => {
          if (!open) props.onOpen?.();
          setOpen(!open);
        }}
      >
        {label}
      </button>
      {open ? (
        <div className={`menu menu-panel ${align}`} ref={panel} role={kind} aria-label={name}>
          {props.children(close)}
        </div>
      ) : null}
    </div>
  );
}

/** Move the focus between the items of a menu by the arrow keys, Home and End. */
export function moveByKeys(event: React.KeyboardEvent, panel: HTMLElement | null): void {
  if (!panel || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const items = [...panel.querySelectorAll<HTMLElement>("[role^=menuitem], input, .item")];
  if (!items.length) return;
  event.preventDefault();
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key] ?? 0;
  items[(next + items.length) % items.length]?.focus();
}
