import { memo, useMemo, type ReactNode } from "react";
import { Message, type Block as LibraryBlock, type MessageProps } from "slack-blocks-to-jsx";
import type { Block } from "../api/blocks";
import { useWorkspace } from "../store/desk";
import { useTheme } from "../store/theme";
import { Link } from "../text/Link";
import { ChannelMention, Emoji, SlackDate, UserMention } from "../text/Mrkdwn";

const SAFE_URL = /^(https?:\/\/|mailto:|tel:)/i;

const hooks: NonNullable<MessageProps["hooks"]> = {
  user: ({ id, name }) => <UserMention id={id} label={name} />,
  channel: ({ id, name }) => <ChannelMention id={id} label={name} />,
  emoji: ({ name, skin_tone: tone }) => (
    <Emoji name={tone && tone > 1 ? `${name}::skin-tone-${tone}` : name} />
  ),
  date: ({ timestamp, format, link }) => (
    <SlackDate seconds={Number(timestamp)} format={format} url={link ?? ""} />
  ),
  link: ({ href, children }) =>
    SAFE_URL.test(href) ? <Link url={href}>{children}</Link> : <>{children}</>,
};

/** A block that only shows something, drawn by slack-blocks-to-jsx. */
export const LibraryDrawn = memo(function LibraryDrawn({ block }: { block: Block }): ReactNode {
  const theme = useTheme();
  const { people, channels, bot } = useWorkspace();
  const data = useMemo(
    () => ({
      users: [...people.map(({ id, name }) => ({ id, name })), { id: bot.user_id, name: bot.name }],
      channels: channels.map(({ id, name }) => ({ id, name })),
    }),
    [people, channels, bot],
  );
  return (
    <Message
      // The library's block types are narrower than what an app may send; it ignores the rest.
      blocks={[block as unknown as LibraryBlock]}
      name=""
      logo=""
      withoutWrapper
      theme={theme}
      hooks={hooks}
      data={data}
    />
  );
});
