import * as api from "../api/client";
import { listen } from "../api/stream";
import type { Channel, Message, Workspace } from "../api/types";
import { traffic } from "../traffic/store";
import { fetched, hear } from "./arrivals";
import { desk, threadKey, type Place, type ThreadPlace } from "./desk";
import { personInAddress, placeInAddress, writeAddress } from "./location";
import { countReply, isReply, upsert, without } from "./messages";
import { report } from "./toasts";

let hangUp: (() => void) | null = null;

/** Loads the desk as one of its people (null: whoever the server thinks first) and goes live. */
export async function enterAs(person: string | null): Promise<void> {
  hangUp?.();
  try {
    const workspace = await api.getWorkspace(person);
    const as = workspace.me.id;
    const before = desk.get();
    const place =
      placeInAddress(workspace) ?? stillThere(before.place, workspace) ?? firstPlace(workspace);
    desk.set({
      as,
      workspace,
      fatal: null,
      messages: {},
      threads: {},
      modals: [],
      home: null,
      toasts: [],
      drafts: as === before.as ? before.drafts : {},
      drawer: false,
      // A thread of a channel is the same for everyone; a direct message's is not.
      thread: before.thread?.channel.startsWith("C") ? before.thread : null,
    });
    hangUp = goLive(as);
    await goTo(place);
  } catch (error) {
    if (!(error instanceof api.LocalError)) throw error;
    desk.set({ fatal: error.message });
  }
}

export const start = (): Promise<void> => {
  window.addEventListener("popstate", () => {
    const { workspace, as } = desk.get();
    if (workspace === null) return;
    const person = personInAddress();
    if (person !== null && person !== as) void enterAs(person);
    else void goTo(placeInAddress(workspace) ?? firstPlace(workspace));
  });
  document.addEventListener("visibilitychange", markSeen);
  return enterAs(personInAddress());
};

/** The place, if this person can see it too. */
function stillThere(place: Place | null, workspace: Workspace): Place | null {
  if (place?.kind !== "conversation") return place;
  const { channels, dms } = workspace;
  const visible = channels.some((one) => one.id === place.id && one.is_member !== false);
  return visible || dms.some((one) => one.id === place.id) ? place : null;
}

function firstPlace(workspace: Workspace): Place {
  const channel = workspace.channels.find((one) => one.is_member !== false);
  return channel ? { kind: "conversation", id: channel.id } : { kind: "home" };
}

export async function goTo(place: Place): Promise<void> {
  const { as, workspace, place: from, thread } = desk.get();
  if (as === null || workspace === null) return;
  const same = idOf(from) === idOf(place);
  desk.set({
    place,
    drawer: false,
    switcher: false,
    thread: same ? thread : null,
    newSince: place.kind === "conversation" ? unreadSince(workspace, place.id) : null,
  });
  writeAddress(as, place, workspace);
  try {
    if (place.kind === "home") desk.set({ home: (await api.openHome(as)).view ?? desk.get().home });
    else await loadConversation(place.id);
    const open = desk.get().thread;
    if (open !== null) await openThread(open);
  } catch (error) {
    report(error);
  }
}

const idOf = (place: Place | null): string | undefined =>
  place?.kind === "conversation" ? place.id : place?.kind;

/** Follows a permalink: to the channel, into the thread of a reply, and to the message. */
export async function goToMessage(channel: string, ts: string, thread?: string): Promise<void> {
  await goTo({ kind: "conversation", id: channel });
  if (thread && thread !== ts) await openThread({ channel, ts: thread });
  desk.set({ pointedAt: ts });
}

function unreadSince(workspace: Workspace, id: string): string | null {
  const one = [...workspace.channels, ...workspace.dms].find((other) => other.id === id);
  return one?.unread ? (one.last_read ?? null) : null;
}

async function loadConversation(id: string): Promise<void> {
  const { as } = desk.get();
  if (as === null) return;
  await fetched(api.getMessages(as, id), id, (messages) => (state) => ({
    messages: { ...state.messages, [id]: messages },
  }));
  markSeen();
}

export async function openThread(place: ThreadPlace): Promise<void> {
  const { as } = desk.get();
  if (as === null) return;
  desk.set({ thread: place });
  try {
    const key = threadKey(place);
    await fetched(api.getMessages(as, place.channel, place.ts), key, (messages) => (state) => ({
      threads: { ...state.threads, [key]: messages },
    }));
  } catch (error) {
    report(error);
  }
}

export const closeThread = (): void => desk.set({ thread: null });

/** Marks the open conversation as read up to its last message, if somebody is looking. */
export function markSeen(): void {
  const { as, place, messages, workspace } = desk.get();
  if (as === null || place?.kind !== "conversation" || document.hidden) return;
  const last = messages[place.id]?.findLast((message) => !message.is_ephemeral)?.ts;
  const open = [...(workspace?.channels ?? []), ...(workspace?.dms ?? [])].find(
    (one) => one.id === place.id,
  );
  const read = Number(open?.last_read ?? 0);
  if (last === undefined || (!open?.unread && read >= Number(last))) return;
  patchConversation(place.id, { unread: 0, mentions: 0, last_read: last });
  api.markRead(as, place.id, last).catch(report);
}

function patchConversation(id: string, change: Partial<Channel>): void {
  desk.set(({ workspace }) => ({
    workspace: workspace && {
      ...workspace,
      channels: workspace.channels.map((one) => (one.id === id ? { ...one, ...change } : one)),
      dms: workspace.dms.map((one) => (one.id === id ? { ...one, ...change } : one)),
    },
  }));
}

function goLive(as: string): () => void {
  return listen(
    as,
    {
      message: ({ channel, message }) => receive(channel, message),
      message_deleted: ({ channel, ts }) => forget(channel, ts),
      channel: ({ channel }) => learnChannel(channel),
      modal: ({ stack }) => desk.set({ modals: stack }),
      home: ({ view }) => desk.set({ home: view }),
      traffic: ({ entry }) => traffic.receive(entry),
    },
    (live) => {
      desk.set({ live });
      // The first time too: something may have happened between loading and listening.
      if (live) void refresh(as);
    },
  );
}

/** After a gap in the stream: fetch again what is on the screen. */
async function refresh(as: string): Promise<void> {
  try {
    const workspace = await api.getWorkspace(as);
    if (desk.get().as !== as) return;
    desk.set({ workspace });
    const { place, thread } = desk.get();
    if (place?.kind === "conversation") await loadConversation(place.id);
    if (thread !== null) await openThread(thread);
    traffic.refresh();
  } catch (error) {
    report(error);
  }
}

function receive(channel: string, message: Message): void {
  hear((state) => {
    const messages = { ...state.messages };
    const threads = { ...state.threads };
    const loaded = messages[channel];
    const threadOf = threadKey({ channel, ts: message.thread_ts ?? message.ts });
    const thread = threads[threadOf];
    if (thread) threads[threadOf] = upsert(thread, message);
    if (loaded) {
      const topLevel = !isReply(message) || message.subtype === "thread_broadcast";
      const counted = isReply(message) ? countReply(loaded, message) : loaded;
      messages[channel] = topLevel ? upsert(counted, message) : counted;
    }
    return { messages, threads };
  });
  markSeen();
}

export function forget(channel: string, ts: string): void {
  hear((state) => ({
    messages: { ...state.messages, [channel]: without(state.messages[channel] ?? [], ts) },
    threads: Object.fromEntries(
      Object.entries(state.threads).map(([key, list]) => [
        key,
        key.startsWith(`${channel}:`) ? without(list, ts) : list,
      ]),
    ),
    thread: state.thread?.ts === ts ? null : state.thread,
  }));
}

/** Hides an ephemeral message, for as long as this page is open. */
export function dismiss(ts: string): void {
  desk.set((state) => ({ dismissed: new Set(state.dismissed).add(ts) }));
}

function learnChannel(channel: Channel): void {
  const { workspace } = desk.get();
  if (workspace === null) return;
  const known = [...workspace.channels, ...workspace.dms].some((one) => one.id === channel.id);
  if (known) patchConversation(channel.id, channel);
  else desk.set({ workspace: { ...workspace, channels: [...workspace.channels, channel] } });
  markSeen();
}
