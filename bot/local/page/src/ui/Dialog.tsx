import { useEffect, useRef, type ReactNode } from "react";

interface DialogProps {
  label: string;
  className?: string;
  testId?: string;
  onEscape: () => void;
  onOutside?: () => void;
  children: ReactNode;
}

const FOCUSABLE = "button:not(:disabled), input, textarea, select, a[href], [tabindex='0']";

/** A modal dialog on a backdrop: keeps the focus inside and gives it back when it closes. */
export function Dialog(props: DialogProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    if (!box.current?.contains(before)) box.current?.focus();
    return () => before?.focus();
  }, []);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      props.onEscape();
    } else if (event.key === "Tab") keepInside(event, box.current);
  };

  return (
    <div
      className="backdrop"
      onPointerDown={(event) => event.target === event.currentTarget && props.onOutside?.()}
    >
      <div
        ref={box}
        className={props.className}
        role="dialog"
        aria-modal="true"
        aria-label={props.label}
        data-testid={props.testId}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        {props.children}
      </div>
    </div>
  );
}

function keepInside(event: React.KeyboardEvent, box: HTMLElement | null): void {
  const all = [...(box?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])];
  const [first, last] = [all[0], all.at(-1)];
  const at = document.activeElement;
  if (event.shiftKey && (at === first || at === box)) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && at === last) {
    event.preventDefault();
    first?.focus();
  }
}
