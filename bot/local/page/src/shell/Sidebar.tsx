import { useState, type ReactNode } from "react";
import type { Channel } from "../api/types";
import { desk, useWorkspace, type Place } from "../store/desk";
import { goTo } from "../store/session";
import { AppAvatar, Avatar, nameOf } from "../ui/Avatar";
import { Icon } from "../ui/icons";

export function Sidebar(): ReactNode {
  const { team, channels, dms, people, bot, me } = useWorkspace();
  const place = desk.use((state) => state.place);
  const here = (id: string): boolean => place?.kind === "conversation" && place.id === id;
  const appDm = dms.find((dm) => dm.user === bot.user_id);
  const inApp = place?.kind === "home" || (appDm !== undefined && here(appDm.id));

  return (
    <nav className="sidebar" aria-label="Channels and apps">
      <div className="team">
        <span className="team-tile" aria-hidden="true">
          {team.name.charAt(0)}
        </span>
        {team.name}
      </div>
      <div className="sidebar-scroll">
        <Group title="Channels">
          {channels
            .filter((channel) => channel.is_member !== false)
            .map((channel) => (
              <ChannelItem key={channel.id} channel={channel} current={here(channel.id)} />
            ))}
        </Group>
        <Group title="Direct messages">
          {dms
            .filter((dm) => dm.user !== bot.user_id)
            .map((dm) => {
              const person = people.find((one) => one.id === dm.user);
              return (
                person && (
                  <Item
                    key={dm.id}
                    place={{ kind: "conversation", id: dm.id }}
                    current={here(dm.id)}
                    unread={dm.unread ?? 0}
                    badge={dm.unread ?? 0}
                    testId={`dm-${person.id}`}
                  >
                    <Avatar user={person} size={20} />
                    <span className="item-name">{nameOf(person)}</span>
                  </Item>
                )
              );
            })}
          <div className="item quiet">
            <Avatar user={me} size={20} />
            <span className="item-name">
              {nameOf(me)} <span className="you">you</span>
            </span>
          </div>
        </Group>
        <Group title="Apps">
          <Item
            place={{ kind: "home" }}
            current={inApp}
            unread={appDm?.unread ?? 0}
            badge={appDm?.unread ?? 0}
            testId="app-home"
          >
            <AppAvatar size={20} />
            <span className="item-name">{bot.name}</span>
          </Item>
        </Group>
      </div>
    </nav>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }): ReactNode {
  const [open, setOpen] = useState(true);
  return (
    <section className="group">
      <button
        type="button"
        className="group-title"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? "chevron" : "right"} size={12} /> {title}
      </button>
      {open && children}
    </section>
  );
}

function ChannelItem({ channel, current }: { channel: Channel; current: boolean }): ReactNode {
  return (
    <Item
      place={{ kind: "conversation", id: channel.id }}
      current={current}
      unread={channel.unread}
      badge={channel.mentions || channel.unread}
      testId={`channel-${channel.name}`}
    >
      <span className="hash" aria-hidden="true">
        <Icon name="hash" size={15} />
      </span>
      <span className="item-name">{channel.name}</span>
    </Item>
  );
}

interface ItemProps {
  place: Place;
  current: boolean;
  unread: number;
  badge: number;
  testId: string;
  children: ReactNode;
}

function Item({ place, current, unread, badge, testId, children }: ItemProps): ReactNode {
  return (
    <button
      type="button"
      className={`item ${unread > 0 ? "unread" : ""}`}
      aria-current={current ? "page" : undefined}
      data-testid={testId}
      data-unread={unread || undefined}
      onClick={() => void goTo(place)}
    >
      {children}
      {unread > 0 && badge > 0 && !current && (
        <span className="badge" aria-label={`${badge} unread`}>
          {badge > 99 ? "99+" : badge}
        </span>
      )}
    </button>
  );
}
