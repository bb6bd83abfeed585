import type { Block, Option, OptionGroup, View } from "./blocks";

/** The page's side of the contract with the local Slack's server. Shapes are Slack's own. */

export interface User {
  id: string;
  name: string;
  real_name?: string;
  title?: string;
  profile?: { display_name?: string; image_72?: string; color?: string };
  tz?: string;
  locale?: string;
  is_bot?: boolean;
}

export interface Person extends User {
  role?: string;
}

export interface Channel {
  id: string;
  name: string;
  topic?: { value: string };
  is_private?: boolean;
  is_member?: boolean;
  unread: number;
  mentions?: number;
  last_read?: string;
  latest?: string;
}

export interface DirectMessage {
  id: string;
  user: string;
  unread?: number;
  last_read?: string;
  latest?: string;
}

export interface Command {
  command: string;
  description?: string;
  usage_hint?: string;
}

export interface Shortcut {
  type: "message" | "global";
  callback_id: string;
  name: string;
  description?: string;
}

export interface Bot {
  user_id: string;
  name: string;
  bot_id?: string;
  icon?: string;
}

export interface Workspace {
  team: { id: string; name: string };
  bot: Bot;
  notice: string | null;
  me: Person;
  people: Person[];
  channels: Channel[];
  dms: DirectMessage[];
  commands: Command[];
  shortcuts: Shortcut[];
  tries: string[];
}

export interface Attachment {
  color?: string;
  pretext?: string;
  title?: string;
  title_link?: string;
  text?: string;
  footer?: string;
  fallback?: string;
  fields?: { title: string; value: string; short?: boolean }[];
  blocks?: Block[];
}

export interface Message {
  type: string;
  subtype?: string;
  ts: string;
  user?: string;
  bot_id?: string;
  username?: string;
  text?: string;
  blocks?: Block[];
  attachments?: Attachment[];
  thread_ts?: string;
  reply_count?: number;
  reply_users?: string[];
  latest_reply?: string;
  edited?: { ts?: string };
  is_ephemeral?: boolean;
  reactions?: { name: string; count: number; users?: string[] }[];
}

export interface TrafficEntry {
  id: number;
  at: string;
  direction: "in" | "out";
  what: string;
  request: unknown;
  status: number;
  answer: unknown;
  ms: number;
}

export interface Fault {
  method: string;
  error?: string;
  retry_after?: number;
  times?: number;
  delay_ms?: number;
}

export interface Answer {
  ok: boolean;
  error?: string;
  message?: string;
}

export interface SubmitAnswer extends Answer {
  response_action?: "clear" | "update" | "push" | "errors" | "none";
  errors?: Record<string, string>;
}

export interface OptionsAnswer extends Answer {
  options?: Option[];
  option_groups?: OptionGroup[];
}

/** What arrives over the stream: event name → data. */
export interface StreamEvents {
  hello: Record<string, never>;
  message: { channel: string; message: Message };
  message_deleted: { channel: string; ts: string };
  channel: { channel: Channel };
  modal: { stack: View[] };
  home: { view: View | null };
  traffic: { entry: TrafficEntry };
}
