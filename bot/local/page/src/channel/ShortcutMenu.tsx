import type { ReactNode } from "react";
import * as api from "../api/client";
import { useMe, useWorkspace } from "../store/desk";
import { report } from "../store/toasts";
import { AppAvatar } from "../ui/Avatar";
import { Icon } from "../ui/icons";
import { Menu, MenuItem } from "../ui/Menu";
import { fillComposer } from "./drafts";

interface ShortcutMenuProps {
  conversation: string;
  commands: boolean;
}

/** The + beside the message: the app's global shortcuts, and its commands. */
export function ShortcutMenu({ conversation, commands }: ShortcutMenuProps): ReactNode {
  const { shortcuts, commands: known, bot } = useWorkspace();
  const me = useMe();
  const globals = shortcuts.filter((shortcut) => shortcut.type === "global");
  return (
    <Menu label="Shortcuts" button={<Icon name="plus" />} testId="shortcuts" up>
      {(close) => (
        <>
          {globals.length > 0 && <div className="menu-title">Shortcuts</div>}
          {globals.map(({ callback_id, type, name, description }) => (
            <MenuItem
              key={callback_id}
              testId={`shortcut-${callback_id}`}
              onSelect={() => {
                close();
                api.runShortcut(me, { callback_id, type, channel: conversation }).catch(report);
              }}
            >
              <AppAvatar size={20} />
              <span className="shortcut-name">
                {name}
                <small>{description ?? bot.name}</small>
              </span>
            </MenuItem>
          ))}
          {commands && <div className="menu-title">Commands</div>}
          {commands &&
            known.map(({ command, description }) => (
              <MenuItem
                key={command}
                onSelect={() => {
                  close();
                  fillComposer(conversation, `${command} `);
                }}
              >
                <Icon name="slash" />
                <span className="shortcut-name">
                  {command}
                  <small>{description}</small>
                </span>
              </MenuItem>
            ))}
        </>
      )}
    </Menu>
  );
}
