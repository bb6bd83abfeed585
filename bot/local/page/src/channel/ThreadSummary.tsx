import type { ReactNode } from "react";
import type { Message } from "../api/types";
import { useWorkspace } from "../store/desk";
import { openThread } from "../store/session";
import { ago } from "../text/dates";
import { nowSeconds, useReader } from "../text/reader";
import { AppAvatar, Avatar } from "../ui/Avatar";

/** “3 replies, last reply 5 minutes ago”, under a message that has a thread. */
export function ThreadSummary({
  channel,
  message,
}: {
  channel: string;
  message: Message;
}): ReactNode {
  const reader = useReader();
  const { people } = useWorkspace();
  const count = message.reply_count ?? 0;
  if (count === 0) return null;
  const last = message.latest_reply;
  return (
    <button
      type="button"
      className="thread-summary"
      data-testid="thread-summary"
      onClick={() => void openThread({ channel, ts: message.ts })}
    >
      {(message.reply_users ?? []).slice(0, 4).map((id) => {
        const person = people.find((one) => one.id === id);
        return person ? (
          <Avatar key={id} user={person} size={24} />
        ) : (
          <AppAvatar key={id} size={24} />
        );
      })}
      <b>
        {count} {count === 1 ? "reply" : "replies"}
      </b>
      {last && <span className="muted">Last reply {ago(reader, Number(last), nowSeconds())}</span>}
      <span className="view-thread muted">View thread</span>
    </button>
  );
}
