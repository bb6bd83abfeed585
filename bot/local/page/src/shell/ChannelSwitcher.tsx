import { useState, type ReactNode } from "react";
import { desk, useWorkspace, type Place } from "../store/desk";
import { goTo } from "../store/session";
import { AppAvatar, Avatar, nameOf, roleOf } from "../ui/Avatar";
import { Plain } from "../text/Mrkdwn";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";

interface Target {
  key: string;
  name: string;
  note: string;
  unread: number;
  place: Place;
  picture: ReactNode;
}

function useTargets(): Target[] {
  const { channels, dms, people, bot } = useWorkspace();
  const rooms = channels.map((channel) => ({
    key: channel.id,
    name: channel.name,
    note: channel.topic?.value ?? "",
    unread: channel.unread,
    place: { kind: "conversation", id: channel.id } as const,
    picture: <Icon name="hash" />,
  }));
  const direct = dms.flatMap((dm) => {
    const person = people.find((one) => one.id === dm.user);
    const place = { kind: "conversation", id: dm.id } as const;
    if (!person) return [];
    return [
      {
        key: dm.id,
        name: nameOf(person),
        note: roleOf(person),
        unread: dm.unread ?? 0,
        place,
        picture: <Avatar user={person} size={20} />,
      },
    ];
  });
  const app = {
    key: "app",
    name: bot.name,
    note: "App",
    unread: 0,
    place: { kind: "home" } as const,
    picture: <AppAvatar size={20} />,
  };
  return [...rooms, ...direct, app].sort((a, b) => Number(b.unread > 0) - Number(a.unread > 0));
}

/** Ctrl/Cmd+K: a few letters and Enter. */
export function ChannelSwitcher(): ReactNode {
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const wanted = typed.trim().replace(/^[#@]/, "").toLowerCase();
  const found = useTargets().filter((target) => target.name.toLowerCase().includes(wanted));
  const close = (): void => desk.set({ switcher: false });

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((active + step + found.length) % (found.length || 1));
    } else if (event.key === "Enter" && found[active]) {
      event.preventDefault();
      void goTo(found[active].place);
    }
  };

  return (
    <Dialog
      label="Jump to a conversation"
      className="dialog switcher"
      testId="switcher"
      onEscape={close}
      onOutside={close}
    >
      <div className="switcher-field">
        <Icon name="search" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls="switcher-list"
          aria-activedescendant={found[active] ? `switch-${found[active].key}` : undefined}
          aria-label="Channel, person or app"
          placeholder="Find a channel, a person or the app"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id="switcher-list" role="listbox" aria-label="Conversations">
        {found.map((target, index) => (
          <div
            key={target.key}
            id={`switch-${target.key}`}
            role="option"
            aria-selected={index === active}
            data-active={index === active || undefined}
            className="option"
            onPointerMove={() => setActive(index)}
            onClick={() => void goTo(target.place)}
          >
            {target.picture}
            <span className={target.unread > 0 ? "strong" : ""}>{target.name}</span>
            <span className="muted option-note">
              <Plain text={target.note} />
            </span>
          </div>
        ))}
        {found.length === 0 && <div className="listbox-note">Nothing called that here.</div>}
      </div>
    </Dialog>
  );
}
