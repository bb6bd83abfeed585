import type { ReactNode } from "react";
import type { Block } from "../api/blocks";
import * as api from "../api/client";
import type { Attachment, Message } from "../api/types";
import { Blocks } from "../blocks/Blocks";
import { useSurfaceOf } from "../blocks/surface";
import { useMe } from "../store/desk";
import { Emoji, Mrkdwn } from "../text/Mrkdwn";

const NO_BLOCKS: Block[] = [];

export function MessageBody({
  channel,
  message,
}: {
  channel: string;
  message: Message;
}): ReactNode {
  const edited = message.edited && <span className="edited"> (edited)</span>;
  return (
    <div className="message-body">
      {message.blocks?.length ? (
        <>
          <LiveBlocks channel={channel} message={message} blocks={message.blocks} />
          {edited}
        </>
      ) : (
        message.text && (
          <div className={message.subtype === "tombstone" ? "tombstone" : "message-text"}>
            <Mrkdwn text={message.text} />
            {edited}
          </div>
        )
      )}
      {message.attachments?.map((attachment, index) => (
        <AttachmentView key={index} channel={channel} message={message} attachment={attachment} />
      ))}
      {message.reactions && message.reactions.length > 0 && (
        <div className="reactions">
          {message.reactions.map((reaction) => (
            <span className="reaction" key={reaction.name}>
              <Emoji name={reaction.name} /> {reaction.count}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

interface LiveBlocksProps {
  channel: string;
  message: Message;
  blocks: Block[] | undefined;
}

function LiveBlocks({ channel, message, blocks = NO_BLOCKS }: LiveBlocksProps): ReactNode {
  const me = useMe();
  const surface = useSurfaceOf({
    kind: "message",
    blocks,
    conversation: channel,
    where: { message: { channel, ts: message.ts } },
    send: (action, state) => api.click(me, { ...action, channel, message_ts: message.ts, state }),
  });
  return <Blocks blocks={blocks} surface={surface} />;
}

interface AttachmentProps {
  channel: string;
  message: Message;
  attachment: Attachment;
}

function AttachmentView({ channel, message, attachment }: AttachmentProps): ReactNode {
  const { title, title_link: link, text, fields, footer, blocks } = attachment;
  const colour =
    attachment.color &&
    (attachment.color.startsWith("#") ? attachment.color : `#${attachment.color}`);
  const empty = !title && !text && !blocks && !fields;
  return (
    <div className="attachment">
      {attachment.pretext && <Mrkdwn text={attachment.pretext} />}
      <div className="attachment-body" style={colour ? { borderColor: colour } : undefined}>
        {title && (
          <b>
            {link ? (
              <a href={link} target="_blank" rel="noopener noreferrer">
                {title}
              </a>
            ) : (
              title
            )}
          </b>
        )}
        {text && (
          <div>
            <Mrkdwn text={text} />
          </div>
        )}
        {fields && (
          <div className="fields">
            {fields.map((field) => (
              <div className="field" key={field.title}>
                <b>{field.title}</b>
                <br />
                <Mrkdwn text={field.value} />
              </div>
            ))}
          </div>
        )}
        {blocks && <LiveBlocks channel={channel} message={message} blocks={blocks} />}
        {empty && attachment.fallback && <Mrkdwn text={attachment.fallback} />}
        {footer && (
          <div className="muted small">
            <Mrkdwn text={footer} />
          </div>
        )}
      </div>
    </div>
  );
}
