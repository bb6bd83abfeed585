import { memo, useEffect, useRef, type ReactNode } from "react";
import type { Message } from "../api/types";
import { desk, useWorkspace } from "../store/desk";
import { dismiss } from "../store/session";
import { clock, fullTime } from "../text/dates";
import { useReader } from "../text/reader";
import { AppAvatar, Avatar, nameOf, SlackbotAvatar } from "../ui/Avatar";
import { Icon } from "../ui/icons";
import { MessageBody } from "./MessageBody";
import { MessageToolbar } from "./MessageToolbar";
import { ThreadSummary } from "./ThreadSummary";

interface MessageItemProps {
  channel: string;
  message: Message;
  compact: boolean;
  inThread: boolean;
}

const POINTED_MS = 2500;

export const MessageItem = memo(function MessageItem(props: MessageItemProps): ReactNode {
  const { channel, message, inThread } = props;
  const reader = useReader();
  const { people, bot } = useWorkspace();
  const pointedAt = desk.use((state) => state.pointedAt === message.ts);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!pointedAt) return;
    box.current?.scrollIntoView({ block: "center" });
    const timer = window.setTimeout(() => desk.set({ pointedAt: null }), POINTED_MS);
    return () => window.clearTimeout(timer);
  }, [pointedAt]);
  const ephemeral = message.is_ephemeral ?? false;
  const compact = props.compact && !ephemeral;
  const person = people.find((one) => one.id === message.user && !message.bot_id);
  const slackbot = message.user === "USLACKBOT";
  const isApp = person === undefined && !slackbot;
  const author = message.username ?? (person ? nameOf(person) : slackbot ? "Slackbot" : bot.name);
  const seconds = Number(message.ts);
  const time = (
    <time
      className="time"
      dateTime={new Date(seconds * 1000).toISOString()}
      title={fullTime(reader, seconds)}
    >
      {clock(reader, seconds)}
    </time>
  );

  return (
    <article
      ref={box}
      className={`message ${ephemeral ? "ephemeral" : ""} ${compact ? "compact" : ""} ${pointedAt ? "pointed" : ""}`}
      data-testid="message"
      data-ts={message.ts}
      data-ephemeral={ephemeral || undefined}
      aria-label={`${author}, ${clock(reader, seconds)}`}
    >
      {ephemeral && (
        <div className="ephemeral-note">
          <Icon name="eye" size={14} /> Only visible to you
        </div>
      )}
      <div className="gutter">
        {compact ? (
          time
        ) : slackbot ? (
          <SlackbotAvatar />
        ) : person ? (
          <Avatar user={person} />
        ) : (
          <AppAvatar />
        )}
      </div>
      <div className="message-main">
        {!compact && (
          <div className="byline">
            <b className="author">{author}</b>
            {isApp && <span className="app-badge">App</span>}
            {time}
          </div>
        )}
        <MessageBody channel={channel} message={message} />
        {ephemeral && (
          <div className="ephemeral-foot">
            <button type="button" className="link-button" onClick={() => dismiss(message.ts)}>
              Dismiss message
            </button>
          </div>
        )}
        {!inThread && <ThreadSummary channel={channel} message={message} />}
      </div>
      {!ephemeral && <MessageToolbar channel={channel} message={message} inThread={inThread} />}
    </article>
  );
});
