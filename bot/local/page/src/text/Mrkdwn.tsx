import { Fragment, memo, type ReactNode } from "react";
import type { Text } from "../api/blocks";
import { desk, useMe } from "../store/desk";
import { goTo } from "../store/session";
import { fullTime, slackDate } from "./dates";
import { emojiOf } from "./emoji";
import { Link } from "./Link";
import { decode, parse, type Inline } from "./mrkdwn";
import { nowSeconds, useNames, useReader } from "./reader";

/** Slack's mrkdwn as React nodes. Nothing in it can become HTML. */
export const Mrkdwn = memo(function Mrkdwn({ text }: { text: string }): ReactNode {
  return parse(text).map((chunk, index) => {
    if (chunk.kind === "pre")
      return (
        <pre key={index} className="pre">
          {chunk.text}
        </pre>
      );
    const children = <Inlines nodes={chunk.children} />;
    return chunk.kind === "quote" ? (
      <blockquote key={index} className="quote">
        {children}
      </blockquote>
    ) : (
      <span key={index} className="lines">
        {children}
      </span>
    );
  });
});

/** Text that is never formatted: only its emoji short codes are drawn. */
export const Plain = memo(function Plain({ text }: { text: string }): ReactNode {
  const parts = text.split(/:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/);
  const drawn = parts.map((part, index) =>
    index % 2 === 0 ? part : (emojiOf(part) ?? `:${part}:`),
  );
  return decode(drawn.join(""));
});

/** A composition text object; a bare string counts as plain text. */
export function TextObject({ text }: { text: Text | string | undefined }): ReactNode {
  if (text === undefined) return null;
  if (typeof text === "string") return <Plain text={text} />;
  return text.type === "mrkdwn" ? <Mrkdwn text={text.text} /> : <Plain text={text.text} />;
}

function Inlines({ nodes }: { nodes: Inline[] }): ReactNode {
  return nodes.map((node, index) => (
    <Fragment key={index}>
      <Node node={node} leads={index === 0 || nodes[index - 1]?.kind === "break"} />
    </Fragment>
  ));
}

function Node({ node, leads }: { node: Inline; leads: boolean }): ReactNode {
  switch (node.kind) {
    case "text":
      return node.text;
    case "break":
      return <br />;
    case "bold":
      return (
        <b>
          <Inlines nodes={node.children} />
        </b>
      );
    case "italic":
      return (
        <i>
          <Inlines nodes={node.children} />
        </i>
      );
    case "strike":
      return (
        <s>
          <Inlines nodes={node.children} />
        </s>
      );
    case "code":
      return <code className="code">{node.text}</code>;
    case "emoji":
      return <Emoji name={node.name} />;
    case "link":
      return (
        <Link url={node.url}>
          <Inlines nodes={node.children} />
        </Link>
      );
    case "user":
      return <UserMention id={node.id} label={node.label} />;
    case "channel":
      return <ChannelMention id={node.id} label={node.label} />;
    case "group":
      return <span className="mention">{node.label || `@${node.id}`}</span>;
    case "broadcast":
      return <span className="mention mention-me">@{node.range}</span>;
    case "date":
      return <SlackDate {...node} leads={leads} />;
  }
}

export function Emoji({ name }: { name: string }): ReactNode {
  const emoji = emojiOf(name);
  if (emoji === null) return `:${name}:`;
  return (
    <span className="emoji" role="img" aria-label={name.replaceAll("_", " ")} title={`:${name}:`}>
      {emoji}
    </span>
  );
}

export function UserMention({ id, label = "" }: { id: string; label?: string }): ReactNode {
  const names = useNames();
  const me = useMe();
  const name = names.user(id);
  return (
    <span className={id === me ? "mention mention-me" : "mention"}>
      @{name === id && label ? label : name}
    </span>
  );
}

export function ChannelMention({ id, label = "" }: { id: string; label?: string }): ReactNode {
  const names = useNames();
  const known = desk.use((state) => state.workspace?.channels.some((one) => one.id === id));
  const name = names.channel(id);
  if (!known) return <span className="mention">#{label || name}</span>;
  return (
    <button
      type="button"
      className="mention"
      onClick={() => void goTo({ kind: "conversation", id })}
    >
      #{name}
    </button>
  );
}

interface SlackDateProps {
  seconds: number;
  format: string;
  url?: string;
  leads?: boolean;
}

export function SlackDate({ seconds, format, url, leads }: SlackDateProps): ReactNode {
  const reader = useReader();
  const worded = (
    <time dateTime={new Date(seconds * 1000).toISOString()} title={fullTime(reader, seconds)}>
      {slackDate(reader, seconds, format, nowSeconds(), leads)}
    </time>
  );
  return url ? <Link url={url}>{worded}</Link> : worded;
}
