import type { ReactNode } from "react";

const MARKS = [
  { mark: "*", label: "Bold", shown: <b>B</b> },
  { mark: "_", label: "Italic", shown: <i>I</i> },
  { mark: "~", label: "Strikethrough", shown: <s>S</s> },
  { mark: "`", label: "Code", shown: <code>{"</>"}</code> },
];

export function FormatBar({ onWrap }: { onWrap: (mark: string) => void }): ReactNode {
  return (
    <div className="format-bar" role="toolbar" aria-label="Formatting">
      {MARKS.map(({ mark, label, shown }) => (
        <button
          key={mark}
          type="button"
          className="icon-button"
          aria-label={label}
          title={label}
          tabIndex={-1}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onWrap(mark)}
        >
          {shown}
        </button>
      ))}
    </div>
  );
}

/** Puts the mark around what is selected and keeps it selected. */
export function wrapSelection(
  field: HTMLTextAreaElement,
  mark: string,
  change: (text: string, caret: number) => void,
): void {
  const { selectionStart: from, selectionEnd: to, value } = field;
  change(value.slice(0, from) + mark + value.slice(from, to) + mark + value.slice(to), to + 1);
  field.focus();
  requestAnimationFrame(() => field.setSelectionRange(from + 1, to + 1));
}
