import { useMemo, type ReactNode } from "react";
import { desk, useWorkspace } from "../store/desk";
import { goTo } from "../store/session";
import { Mrkdwn } from "../text/Mrkdwn";
import { AppAvatar, Avatar, nameOf, roleOf } from "../ui/Avatar";
import { Icon } from "../ui/icons";
import { AppTabs } from "../home/AppTabs";
import { Composer } from "./Composer";
import { MessageList } from "./MessageList";
import { Welcome } from "./Welcome";

/** A channel, or a direct message: header, messages, composer. */
export function ChannelView({ id }: { id: string }): ReactNode {
  const { channels, dms, people, bot } = useWorkspace();
  const loaded = desk.use((state) => state.messages[id]);
  const dismissed = desk.use((state) => state.dismissed);
  const messages = useMemo(
    () => loaded?.filter((message) => !dismissed.has(message.ts)),
    [loaded, dismissed],
  );
  const channel = channels.find((one) => one.id === id);
  const dm = dms.find((one) => one.id === id);
  const person = people.find((one) => one.id === dm?.user);
  const name = channel ? `#${channel.name}` : person ? nameOf(person) : bot.name;

  return (
    <>
      {channel && (
        <header className="pane-head">
          <h1>
            <Icon name="hash" /> {channel.name}
          </h1>
          {channel.topic?.value && (
            <div className="topic">
              <Mrkdwn text={channel.topic.value} />
            </div>
          )}
        </header>
      )}
      {person && (
        <header className="pane-head">
          <h1>
            <Avatar user={person} size={24} /> {nameOf(person)}
          </h1>
          <div className="topic">{roleOf(person)}</div>
        </header>
      )}
      {!channel && !person && (
        <>
          <header className="pane-head">
            <h1>
              <AppAvatar size={24} /> {bot.name}
            </h1>
          </header>
          <AppTabs current="messages" onHome={() => void goTo({ kind: "home" })} />
        </>
      )}
      {messages === undefined ? (
        <div className="messages loading">
          <span className="spinner" />
        </div>
      ) : (
        <MessageList
          channel={id}
          messages={messages}
          intro={
            <Welcome
              name={name}
              topic={channel?.topic?.value}
              empty={messages.length === 0}
              conversation={id}
            />
          }
        />
      )}
      <Composer
        conversation={id}
        placeholder={`Message ${name}`}
        offersTries={messages !== undefined && messages.length > 0}
      />
    </>
  );
}
