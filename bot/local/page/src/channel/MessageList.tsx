import { useLayoutEffect, useRef, type ReactNode } from "react";
import type { Message } from "../api/types";
import { desk, useMe } from "../store/desk";
import { authorId } from "../store/messages";
import { dayKey, dayTitle } from "../text/dates";
import { nowSeconds, useReader } from "../text/reader";
import { MessageItem } from "./MessageItem";

interface MessageListProps {
  channel: string;
  messages: Message[];
  intro?: ReactNode;
  inThread?: boolean;
}

/** Slack drops the avatar when the same author goes on within a few minutes. */
const SAME_BREATH_SECONDS = 300;

const goesOn = (message: Message, before: Message | undefined): boolean =>
  before !== undefined &&
  authorId(before) === authorId(message) &&
  before.username === message.username &&
  !before.is_ephemeral &&
  !message.is_ephemeral &&
  !before.reply_count &&
  Number(message.ts) - Number(before.ts) < SAME_BREATH_SECONDS;

export function MessageList({ channel, messages, intro, inThread }: MessageListProps): ReactNode {
  const reader = useReader();
  const me = useMe();
  const newSince = desk.use((state) => state.newSince);
  const box = useStickToBottom(messages);
  const firstNew =
    newSince === null || inThread
      ? undefined
      : messages.find((one) => Number(one.ts) > Number(newSince) && one.user !== me)?.ts;

  return (
    <div className="messages" ref={box} role="log" aria-label="Messages" tabIndex={0}>
      <div className="messages-inner">
        {intro}
        {messages.map((message, index) => {
          const before = messages[index - 1];
          const seconds = Number(message.ts);
          const newDay =
            !inThread && (!before || dayKey(reader, Number(before.ts)) !== dayKey(reader, seconds));
          const isFirstNew = message.ts === firstNew;
          return (
            <div key={message.ts}>
              {newDay && (
                <div className={isFirstNew ? "day new" : "day"}>
                  <span className="day-name">{dayTitle(reader, seconds, nowSeconds())}</span>
                  {isFirstNew && <span className="new-mark">New</span>}
                </div>
              )}
              {isFirstNew && !newDay && (
                <div className="day new bare" data-testid="new-line">
                  <span className="new-mark">New</span>
                </div>
              )}
              <MessageItem
                channel={channel}
                message={message}
                compact={!newDay && !isFirstNew && goesOn(message, before)}
                inThread={inThread ?? false}
              />
              {inThread && index === 0 && messages.length > 1 && (
                <div className="reply-count">
                  <span>
                    {messages.length - 1} {messages.length === 2 ? "reply" : "replies"}
                  </span>
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Keeps the newest message in view unless somebody scrolled up to read. */
function useStickToBottom(messages: Message[]): React.RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  const atBottom = useRef(true);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const onScroll = (): void => {
      atBottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
    };
    const stick = (): void => {
      if (atBottom.current) element.scrollTop = element.scrollHeight;
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    const observer = new ResizeObserver(stick);
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => {
      element.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, []);

  const last = messages.at(-1);
  useLayoutEffect(() => {
    const element = box.current;
    if (element && atBottom.current) element.scrollTop = element.scrollHeight;
  }, [last]);
  return box;
}
