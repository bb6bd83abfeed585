import { useState, type ReactNode } from "react";

interface JsonTreeProps {
  value: unknown;
  depth: number;
  name?: string;
  last?: boolean;
}

/** Deeper than this starts folded, so that a big view still fits the panel. */
const OPEN_DEPTH = 3;

/** JSON one can fold; JSON inside a string (`payload`, `blocks`, `view`) is opened too. */
export function JsonTree({ value, depth, name, last = true }: JsonTreeProps): ReactNode {
  const inner = typeof value === "string" ? parsed(value) : undefined;
  const shown = inner ?? value;
  const entries = entriesOf(shown);
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const label =
    name === undefined ? null : (
      <>
        <span className="j-key">{JSON.stringify(name)}</span>:{" "}
      </>
    );
  const comma = last ? "" : ",";

  if (entries === null || entries.length === 0) {
    return (
      <div className="j-line">
        {label}
        <Leaf value={shown} />
        {comma}
      </div>
    );
  }
  const [opening, closing] = Array.isArray(shown) ? ["[", "]"] : ["{", "}"];
  return (
    <div>
      <button
        type="button"
        className="j-line j-fold"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span className="j-caret" aria-hidden="true">
          {open ? "▾" : "▸"}
        </span>
        {label}
        {inner !== undefined && <span className="j-tag">string</span>}
        {opening}
        {!open && (
          <span className="j-more">
            {" "}
            {summary(shown, entries.length)} {closing}
            {comma}
          </span>
        )}
      </button>
      {open && (
        <>
          <div className="j-inner">
            {entries.map(([key, child], index) => (
              <JsonTree
                key={key}
                name={Array.isArray(shown) ? undefined : key}
                value={child}
                depth={depth + 1}
                last={index === entries.length - 1}
              />
            ))}
          </div>
          <div className="j-line">
            {closing}
            {comma}
          </div>
        </>
      )}
    </div>
  );
}

function Leaf({ value }: { value: unknown }): ReactNode {
  const kind = value === null ? "null" : typeof value;
  return <span className={`j-${kind}`}>{JSON.stringify(value) ?? String(value)}</span>;
}

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const entriesOf = (value: unknown): [string, unknown][] | null =>
  typeof value === "object" && value !== null ? Object.entries(value) : null;

/** A folded object still says what it is, where it has a type. */
function summary(value: unknown, count: number): string {
  if (Array.isArray(value)) return `${count}`;
  const { type, action_id: action } = value as { type?: unknown; action_id?: unknown };
  const named = [type, action].filter((one) => typeof one === "string").join(" ");
  return named || `${count} ${count === 1 ? "field" : "fields"}`;
}
