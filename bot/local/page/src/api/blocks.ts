/** Block Kit, as far as this page reads it. Fields Slack defines but the page ignores are left out. */

export interface Text {
  type: "plain_text" | "mrkdwn";
  text: string;
  emoji?: boolean;
}

export interface Option {
  text: Text;
  value: string;
  description?: Text;
  url?: string;
}

export interface OptionGroup {
  label: Text;
  options: Option[];
}

export interface Confirm {
  title: Text;
  text: Text;
  confirm: Text;
  deny?: Text;
  style?: "primary" | "danger";
}

/** Any interactive or display element; which fields are set depends on `type`. */
export interface Element {
  type: string;
  action_id?: string;
  text?: Text | string;
  value?: string;
  url?: string;
  style?: "primary" | "danger";
  confirm?: Confirm;
  accessibility_label?: string;
  placeholder?: Text;
  options?: Option[];
  option_groups?: OptionGroup[];
  initial_option?: Option;
  initial_options?: Option[];
  initial_user?: string;
  initial_users?: string[];
  initial_conversation?: string;
  initial_conversations?: string[];
  default_to_current_conversation?: boolean;
  initial_channel?: string;
  initial_channels?: string[];
  filter?: { include?: string[]; exclude_bot_users?: boolean };
  min_query_length?: number;
  max_selected_items?: number;
  initial_date?: string;
  initial_time?: string;
  initial_date_time?: number;
  initial_value?: string;
  multiline?: boolean;
  min_length?: number;
  max_length?: number;
  is_decimal_allowed?: boolean;
  min_value?: string;
  max_value?: string;
  focus_on_load?: boolean;
  dispatch_action_config?: { trigger_actions_on?: string[] };
  image_url?: string;
  alt_text?: string;
  icon?: string;
  positive_button?: FeedbackButton;
  negative_button?: FeedbackButton;
}

export interface FeedbackButton {
  text: Text;
  value: string;
  accessibility_label?: string;
}

export interface CardImage {
  image_url?: string;
  alt_text: string;
}

export type TableCell =
  | { type: "raw_text"; text: string }
  | { type: "raw_number"; value: number; text?: string }
  | { type: string; [key: string]: unknown };

/** Any layout block; which fields are set depends on `type`. */
export interface Block {
  type: string;
  block_id?: string;
  text?: Text | string;
  fields?: Text[];
  accessory?: Element;
  elements?: (Element | Text)[];
  element?: Element;
  label?: Text;
  hint?: Text;
  optional?: boolean;
  dispatch_action?: boolean;
  title?: Text | string;
  subtitle?: Text;
  body?: Text;
  subtext?: Text;
  icon?: CardImage;
  hero_image?: CardImage;
  actions?: Element[];
  child_blocks?: Block[];
  is_collapsible?: boolean;
  default_collapsed?: boolean;
  level?: string;
  caption?: string;
  rows?: TableCell[][];
  page_size?: number;
}

/** What a person has entered into one element, in the shape of Slack's `state.values`. */
export interface Value {
  type: string;
  value?: string | null;
  selected_option?: Option | null;
  selected_options?: Option[];
  selected_user?: string | null;
  selected_users?: string[];
  selected_conversation?: string | null;
  selected_conversations?: string[];
  selected_channel?: string | null;
  selected_channels?: string[];
  selected_date?: string | null;
  selected_time?: string | null;
  selected_date_time?: number | null;
}

export type Values = Record<string, Record<string, Value>>;

export interface State {
  values: Values;
}

export interface View {
  id: string;
  type: "modal" | "home";
  hash?: string;
  callback_id?: string;
  title?: Text;
  submit?: Text | null;
  close?: Text | null;
  submit_disabled?: boolean;
  clear_on_close?: boolean;
  blocks: Block[];
  state?: State;
}

/** The part of an action that depends on the element: goes into `block_actions` as it is. */
export interface Action extends Value {
  block_id: string;
  action_id: string;
}
