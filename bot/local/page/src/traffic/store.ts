import * as api from "../api/client";
import type { TrafficEntry } from "../api/types";
import { createStore } from "../store/store";
import { report } from "../store/toasts";
import { startOf } from "./verdict";

/** As many as the server itself keeps. */
const KEPT = 200;

interface TrafficState {
  open: boolean;
  entries: TrafficEntry[];
  /** What arrived while paused: shown, in order, on resuming. */
  held: TrafficEntry[];
  paused: boolean;
}

const store = createStore<TrafficState>({ open: false, entries: [], held: [], paused: false });

const append = (entries: TrafficEntry[], more: TrafficEntry[]): TrafficEntry[] => {
  const known = new Map(entries.map((entry) => [entry.id, entry]));
  for (const entry of more) known.set(entry.id, entry);
  return [...known.values()].sort((a, b) => startOf(a) - startOf(b) || a.id - b.id).slice(-KEPT);
};

/** Ids up to this one were cleared by the person and stay away. */
let clearedTo = -1;

export const traffic = {
  use: store.use,

  async load(): Promise<void> {
    try {
      const entries = (await api.getTraffic()).filter((entry) => entry.id > clearedTo);
      store.set((state) => ({ entries: append(state.entries, entries) }));
    } catch (error) {
      report(error);
    }
  },

  receive(entry: TrafficEntry): void {
    store.set((state) =>
      state.paused
        ? { held: append(state.held, [entry]) }
        : { entries: append(state.entries, [entry]) },
    );
  },

  /** After a gap in the stream: what happened meanwhile, if anybody is looking. */
  refresh(): void {
    if (store.get().open) void traffic.load();
  },

  toggle(): void {
    const open = !store.get().open;
    store.set({ open });
    if (open) void traffic.load();
  },

  pause(paused: boolean): void {
    store.set((state) =>
      paused ? { paused } : { paused, held: [], entries: append(state.entries, state.held) },
    );
  },

  clear(): void {
    const { entries, held } = store.get();
    clearedTo = Math.max(clearedTo, ...[...entries, ...held].map((entry) => entry.id));
    store.set({ entries: [], held: [] });
  },
};
