import type { TrafficEntry } from "../api/types";

/** Slack waits this long for an answer to a command or a click. */
export const ACK_LIMIT_MS = 3000;

/** Entries are written when the answer is there; cause comes before effect only by their start. */
export const startOf = (entry: TrafficEntry): number => endOf(entry) - entry.ms;

export const endOf = (entry: TrafficEntry): number => Date.parse(entry.at);

/** Ids of the app's calls made while it was answering something: they are drawn under it. */
export function nested(entries: TrafficEntry[]): ReadonlySet<number> {
  const outer = entries.filter((entry) => entry.direction === "out");
  const inside = (inner: TrafficEntry): boolean =>
    outer.some((one) => startOf(one) <= startOf(inner) && endOf(one) >= endOf(inner));
  return new Set(
    entries.filter((entry) => entry.direction === "in" && inside(entry)).map((entry) => entry.id),
  );
}

const answerOf = (entry: TrafficEntry): { ok?: boolean; error?: string } =>
  (typeof entry.answer === "object" && entry.answer) || {};

/** Slack says 200 and `ok: false`; an app says it with the status, or not at all in time. */
export const failed = (entry: TrafficEntry): boolean =>
  entry.status === 0 ||
  entry.status >= 400 ||
  answerOf(entry).ok === false ||
  (entry.direction === "out" && entry.ms > ACK_LIMIT_MS);

export const errorOf = (entry: TrafficEntry): string | null => answerOf(entry).error ?? null;
