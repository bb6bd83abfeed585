import { useEffect, useRef, useState, type ReactNode } from "react";

interface MenuProps {
  label: string;
  button: ReactNode;
  buttonClass?: string;
  testId?: string;
  side?: "left" | "right";
  up?: boolean;
  children: (close: () => void) => ReactNode;
}

/** A button with a menu under (or above) it: arrows move, Escape and a click outside close. */
export function Menu(props: MenuProps): ReactNode {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const outside = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      moveFocus(root.current, event.key === "ArrowDown" ? 1 : -1);
    }
  };

  return (
    <div className="menu-root" ref={root} onKeyDown={onKeyDown} data-open={open || undefined}>
      <button
        ref={button}
        type="button"
        className={props.buttonClass ?? "icon-button"}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={props.label}
        title={props.label}
        data-testid={props.testId}
        onClick={() => setOpen(!open)}
      >
        {props.button}
      </button>
      {open && (
        <div
          className={`menu ${props.side ?? "left"} ${props.up ? "up" : ""}`}
          role="menu"
          aria-label={props.label}
        >
          {props.children(close)}
        </div>
      )}
    </div>
  );
}

function moveFocus(root: HTMLElement | null, step: 1 | -1): void {
  const items = [...(root?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}

interface MenuItemProps {
  onSelect: () => void;
  testId?: string;
  checked?: boolean;
  children: ReactNode;
}

export function MenuItem({ onSelect, testId, checked, children }: MenuItemProps): ReactNode {
  const choice = checked !== undefined;
  return (
    <button
      type="button"
      role={choice ? "menuitemradio" : "menuitem"}
      aria-checked={checked}
      className="menu-item"
      data-testid={testId}
      onClick={onSelect}
    >
      {children}
    </button>
  );
}
