import { useMemo, type ReactNode } from "react";
import { desk, threadKey, useWorkspace, type ThreadPlace } from "../store/desk";
import { closeThread } from "../store/session";
import { Icon } from "../ui/icons";
import { Composer } from "./Composer";
import { MessageList } from "./MessageList";

export function ThreadPane({ place }: { place: ThreadPlace }): ReactNode {
  const { channels, bot } = useWorkspace();
  const loaded = desk.use((state) => state.threads[threadKey(place)]);
  const dismissed = desk.use((state) => state.dismissed);
  const messages = useMemo(
    () => loaded?.filter((message) => !dismissed.has(message.ts)),
    [loaded, dismissed],
  );
  const channel = channels.find((one) => one.id === place.channel);
  return (
    <aside className="thread" aria-label="Thread" data-testid="thread">
      <header className="pane-head">
        <h1>
          Thread <small className="muted">{channel ? `#${channel.name}` : bot.name}</small>
        </h1>
        <button
          type="button"
          className="icon-button"
          aria-label="Close thread"
          onClick={closeThread}
        >
          <Icon name="close" />
        </button>
      </header>
      {messages ? (
        <MessageList channel={place.channel} messages={messages} inThread />
      ) : (
        <div className="messages loading">
          <span className="spinner" />
        </div>
      )}
      <Composer conversation={place.channel} threadTs={place.ts} placeholder="Reply…" />
    </aside>
  );
}
