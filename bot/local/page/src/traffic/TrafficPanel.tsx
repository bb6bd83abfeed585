import { useDeferredValue, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { TrafficEntry } from "../api/types";
import { Icon } from "../ui/icons";
import { FaultForm } from "./FaultForm";
import { traffic } from "./store";
import { TrafficRow } from "./TrafficRow";
import { failed, nested } from "./verdict";

const SHOWN = { all: "All", out: "To app", in: "From app", failed: "Failed" } as const;
type Shown = keyof typeof SHOWN;

/** Every request between Slack and the app, as it happens. */
export function TrafficPanel(): ReactNode {
  const entries = traffic.use((state) => state.entries);
  const paused = traffic.use((state) => state.paused);
  const held = traffic.use((state) => state.held.length);
  const [filter, setFilter] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  const [faults, setFaults] = useState(false);
  const found = useFiltered(entries, useDeferredValue(filter), shown);
  const inner = useMemo(() => nested(entries), [entries]);
  const list = useFollow(found);

  return (
    <aside className="traffic" aria-label="Traffic" data-testid="traffic">
      <header className="traffic-head">
        <h2>Traffic</h2>
        <span className="muted">
          {found.length} of {entries.length}
        </span>
        <span className="spacer" />
        <button
          type="button"
          className="icon-button"
          aria-pressed={faults}
          title="Make a call fail"
          aria-label="Make a call fail"
          data-testid="traffic-faults"
          onClick={() => setFaults(!faults)}
        >
          <Icon name="bolt" size={16} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-pressed={paused}
          title={paused ? "Resume" : "Pause"}
          aria-label={paused ? "Resume" : "Pause"}
          data-testid="traffic-pause"
          onClick={() => traffic.pause(!paused)}
        >
          <Icon name={paused ? "play" : "pause"} size={16} />
        </button>
        <button
          type="button"
          className="icon-button"
          title="Clear"
          aria-label="Clear"
          data-testid="traffic-clear"
          onClick={() => traffic.clear()}
        >
          <Icon name="trash" size={16} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Close traffic"
          onClick={() => traffic.toggle()}
        >
          <Icon name="close" size={16} />
        </button>
      </header>
      <div className="traffic-tools">
        <input
          type="search"
          className="text-input"
          placeholder="Filter: a method, a command, any text in the JSON"
          aria-label="Filter"
          data-testid="traffic-filter"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <div className="segments" role="group" aria-label="Direction">
          {(Object.keys(SHOWN) as Shown[]).map((kind) => (
            <button
              key={kind}
              type="button"
              aria-pressed={shown === kind}
              onClick={() => setShown(kind)}
            >
              {SHOWN[kind]}
            </button>
          ))}
        </div>
      </div>
      {faults && <FaultForm onDone={() => setFaults(false)} />}
      {paused && (
        <button type="button" className="traffic-held" onClick={() => traffic.pause(false)}>
          Paused. {held > 0 ? `${held} more since: show them` : "Nothing new since."}
        </button>
      )}
      <div className="traffic-list" ref={list} tabIndex={0} role="log" aria-label="Requests">
        {found.map((entry, index) => (
          <TrafficRow
            key={entry.id}
            entry={entry}
            before={found[index - 1]}
            nested={inner.has(entry.id)}
          />
        ))}
        {found.length === 0 && (
          <p className="traffic-empty muted">
            {entries.length === 0
              ? "Nothing yet. Send a command or click a button, and what Slack and the app say to each other shows up here."
              : "Nothing matches the filter."}
          </p>
        )}
      </div>
    </aside>
  );
}

const searched = new WeakMap<TrafficEntry, string>();

function textOf(entry: TrafficEntry): string {
  let text = searched.get(entry);
  if (text === undefined) {
    text =
      `${entry.what} ${JSON.stringify([entry.request, entry.answer])} ${entry.status}`.toLowerCase();
    searched.set(entry, text);
  }
  return text;
}

function useFiltered(entries: TrafficEntry[], filter: string, shown: Shown): TrafficEntry[] {
  return useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    return entries.filter(
      (entry) =>
        (shown === "all" || (shown === "failed" ? failed(entry) : entry.direction === shown)) &&
        words.every((word) => textOf(entry).includes(word)),
    );
  }, [entries, filter, shown]);
}

/** Keeps the latest in view, as long as nobody scrolled up to read an earlier one. */
function useFollow(entries: TrafficEntry[]): React.RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  useEffect(() => {
    const element = list.current;
    const onScroll = (): void => {
      if (!element) return;
      following.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    };
    element?.addEventListener("scroll", onScroll, { passive: true });
    return () => element?.removeEventListener("scroll", onScroll);
  }, []);
  const newest = entries.reduce((most, entry) => Math.max(most, entry.id), 0);
  useEffect(() => {
    if (list.current && following.current) list.current.scrollTop = list.current.scrollHeight;
  }, [newest]);
  return list;
}
