import type { View } from "../api/blocks";
import type { Message, Workspace } from "../api/types";
import { createStore } from "./store";

/** Where the person looks: a conversation (channel or direct message) or the app's Home tab. */
export type Place = { kind: "conversation"; id: string } | { kind: "home" };

export interface ThreadPlace {
  channel: string;
  ts: string;
}

export interface Toast {
  id: number;
  text: string;
  tone: "error" | "info";
}

export interface DeskState {
  as: string | null;
  workspace: Workspace | null;
  fatal: string | null;
  live: boolean;
  place: Place | null;
  thread: ThreadPlace | null;
  messages: Record<string, Message[]>;
  threads: Record<string, Message[]>;
  /** A message to scroll to and to point out, once it is drawn. */
  pointedAt: string | null;
  /** Timestamp of the last message read when the conversation was opened: the “New” line. */
  newSince: string | null;
  dismissed: ReadonlySet<string>;
  modals: View[];
  home: View | null;
  toasts: Toast[];
  drafts: Record<string, string>;
  drawer: boolean;
  switcher: boolean;
}

export const threadKey = (place: ThreadPlace): string => `${place.channel}:${place.ts}`;

export const desk = createStore<DeskState>({
  as: null,
  workspace: null,
  fatal: null,
  live: true,
  place: null,
  thread: null,
  messages: {},
  threads: {},
  pointedAt: null,
  newSince: null,
  dismissed: new Set(),
  modals: [],
  home: null,
  toasts: [],
  drafts: {},
  drawer: false,
  switcher: false,
});

/** For components below the loaded shell, where the workspace is known to be there. */
export function useWorkspace(): Workspace {
  const workspace = desk.use((state) => state.workspace);
  if (workspace === null) throw new Error("The workspace is drawn only after it was loaded.");
  return workspace;
}

export function useMe(): string {
  const as = desk.use((state) => state.as);
  if (as === null) throw new Error("The desk is drawn only for a known person.");
  return as;
}
