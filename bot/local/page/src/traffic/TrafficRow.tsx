import { memo, useState, type ReactNode } from "react";
import type { TrafficEntry } from "../api/types";
import { Icon } from "../ui/icons";
import { JsonTree } from "./JsonTree";
import { ACK_LIMIT_MS, endOf, errorOf, failed, startOf } from "./verdict";

interface TrafficRowProps {
  entry: TrafficEntry;
  before: TrafficEntry | undefined;
  nested: boolean;
}

/** A silence this long starts a new group: most likely the person did something else. */
const PAUSE_MS = 1500;

export const TrafficRow = memo(function TrafficRow(props: TrafficRowProps): ReactNode {
  const { entry, before, nested } = props;
  const [open, setOpen] = useState(false);
  const apart = before !== undefined && startOf(entry) - endOf(before) > PAUSE_MS;
  const out = entry.direction === "out";
  const error = errorOf(entry);
  const classes = [
    "traffic-row",
    failed(entry) && "failed",
    apart && "apart",
    open && "open",
    nested && "nested",
  ];
  return (
    <div className={classes.filter(Boolean).join(" ")} data-testid="traffic-entry">
      <button
        type="button"
        className="traffic-line"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span
          className={`direction ${entry.direction}`}
          title={out ? "Slack → app" : "App → Slack"}
        >
          {out ? "→ app" : "← app"}
        </span>
        <span className="what">{entry.what}</span>
        {error && <span className="traffic-error">{error}</span>}
        <span className="spacer" />
        <span className="status">{entry.status || "—"}</span>
        <span className={entry.ms > ACK_LIMIT_MS ? "ms slow" : "ms"}>{milliseconds(entry.ms)}</span>
        <time className="at">{timeOf(startOf(entry))}</time>
      </button>
      {open && (
        <div className="traffic-detail">
          <Part title="Request" value={entry.request} />
          <Part title={`Answer ${entry.status}`} value={entry.answer} />
        </div>
      )}
    </div>
  );
});

function Part({ title, value }: { title: string; value: unknown }): ReactNode {
  const [copied, setCopied] = useState(false);
  const text = JSON.stringify(value, null, 2) ?? "";
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1200);
  };
  return (
    <section>
      <header className="part-head">
        <h3>{title}</h3>
        <span className="muted">{text.length.toLocaleString("en-US")} characters</span>
        <button
          type="button"
          className="icon-button"
          aria-label={`Copy ${title}`}
          onClick={() => void copy()}
        >
          <Icon name={copied ? "check" : "copy"} size={14} />
        </button>
      </header>
      <div className="json">
        <JsonTree value={value} depth={0} />
      </div>
    </section>
  );
}

const milliseconds = (ms: number): string =>
  ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** Wall clock with milliseconds: what one compares with a log. */
const timeOf = (at: number): string => {
  const date = new Date(at);
  const part = (value: number, width = 2): string => String(value).padStart(width, "0");
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`;
};
