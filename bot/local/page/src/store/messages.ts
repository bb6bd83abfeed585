import type { Message } from "../api/types";

export const isReply = (message: Message): boolean =>
  message.thread_ts !== undefined && message.thread_ts !== message.ts;

/** Puts a message where its timestamp belongs, replacing the one with the same timestamp. */
export function upsert(list: Message[], message: Message): Message[] {
  const at = list.findIndex((other) => other.ts === message.ts);
  if (at >= 0) return list.with(at, message);
  const before = list.findLastIndex((other) => Number(other.ts) < Number(message.ts));
  return list.toSpliced(before + 1, 0, message);
}

/** The parent with one more reply, unless the server's own count already includes it. */
export function countReply(list: Message[], reply: Message): Message[] {
  if (reply.is_ephemeral) return list;
  return list.map((parent) => {
    const known = Number(parent.latest_reply ?? 0) >= Number(reply.ts);
    if (parent.ts !== reply.thread_ts || known) return parent;
    return {
      ...parent,
      thread_ts: parent.ts,
      reply_count: (parent.reply_count ?? 0) + 1,
      latest_reply: reply.ts,
      reply_users: [...new Set([...(parent.reply_users ?? []), authorId(reply)])],
    };
  });
}

export const authorId = (message: Message): string => message.user ?? message.bot_id ?? "";

export const without = (list: Message[], ts: string): Message[] =>
  list.filter((message) => message.ts !== ts);
