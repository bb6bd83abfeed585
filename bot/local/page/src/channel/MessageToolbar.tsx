import type { ReactNode } from "react";
import * as api from "../api/client";
import type { Message, Shortcut } from "../api/types";
import { useMe, useWorkspace } from "../store/desk";
import { openThread } from "../store/session";
import { report, toast } from "../store/toasts";
import { AppAvatar } from "../ui/Avatar";
import { Icon } from "../ui/icons";
import { Menu, MenuItem } from "../ui/Menu";

interface ToolbarProps {
  channel: string;
  message: Message;
  inThread: boolean;
}

/** What floats over a message under the pointer: reply, and the app's message shortcuts. */
export function MessageToolbar({ channel, message, inThread }: ToolbarProps): ReactNode {
  const { shortcuts, bot } = useWorkspace();
  const me = useMe();
  const ofMessages = shortcuts.filter((shortcut) => shortcut.type === "message");
  const reply = (): void => void openThread({ channel, ts: message.thread_ts ?? message.ts });

  const run = ({ callback_id, type }: Shortcut): void => {
    api.runShortcut(me, { callback_id, type, channel, message_ts: message.ts }).catch(report);
  };
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(message.text ?? "");
    toast("Copied to the clipboard.", "info");
  };

  return (
    <div className="toolbar" role="toolbar" aria-label="Message actions">
      {!inThread && (
        <button
          type="button"
          className="icon-button"
          aria-label="Reply in thread"
          title="Reply in thread"
          data-testid="reply-in-thread"
          onClick={reply}
        >
          <Icon name="reply" />
        </button>
      )}
      <Menu label="More actions" button={<Icon name="more" />} testId="more-actions" side="right">
        {(close) => (
          <>
            {!inThread && (
              <MenuItem
                onSelect={() => {
                  close();
                  reply();
                }}
              >
                Reply in thread
              </MenuItem>
            )}
            <MenuItem
              onSelect={() => {
                close();
                void copy();
              }}
            >
              Copy text
            </MenuItem>
            {ofMessages.length > 0 && <div className="menu-title">App shortcuts</div>}
            {ofMessages.map((shortcut) => (
              <MenuItem
                key={shortcut.callback_id}
                testId={`shortcut-${shortcut.callback_id}`}
                onSelect={() => {
                  close();
                  run(shortcut);
                }}
              >
                <AppAvatar size={20} />
                <span className="shortcut-name">
                  {shortcut.name}
                  <small>{bot.name}</small>
                </span>
              </MenuItem>
            ))}
          </>
        )}
      </Menu>
    </div>
  );
}
