import type { MouseEvent, ReactNode } from "react";
import { goToMessage } from "../store/session";

/** A permalink: channel, the timestamp without its point, and the thread when it is a reply. */
const PERMALINK = /\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?.*\bthread_ts=(\d+\.\d+))?/;

/** A link; one to a message of this very Slack is followed here. */
export function Link({ url, children }: { url: string; children: ReactNode }): ReactNode {
  const follow = (event: MouseEvent): void => {
    const [, channel, seconds, fraction, thread] = PERMALINK.exec(url) ?? [];
    const modified = event.ctrlKey || event.metaKey || event.shiftKey;
    if (!channel || modified || new URL(url).host !== window.location.host) return;
    event.preventDefault();
    void goToMessage(channel, `${seconds}.${fraction}`, thread);
  };
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" onClick={follow}>
      {children}
    </a>
  );
}
