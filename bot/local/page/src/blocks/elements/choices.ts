import type { Element, Option, Value } from "../../api/blocks";
import type { OptionsAnswer, Workspace } from "../../api/types";
import { nameOf, roleOf } from "../../ui/Avatar";

/** One line of a select menu, whatever it is about. */
export interface Choice {
  key: string;
  label: string;
  note?: string;
  group?: string;
  option?: Option;
}

const ofOption = (option: Option, group?: string): Choice => ({
  key: option.value,
  label: option.text.text,
  note: option.description?.text,
  group,
  option,
});

export const ofAnswer = (answer: Pick<OptionsAnswer, "options" | "option_groups">): Choice[] => [
  ...(answer.options ?? []).map((option) => ofOption(option)),
  ...(answer.option_groups ?? []).flatMap((group) =>
    group.options.map((option) => ofOption(option, group.label.text)),
  ),
];

/** Everything a select offers before anybody typed; external selects offer nothing yet. */
export function offered(element: Element, workspace: Workspace): Choice[] {
  if (element.type.includes("static")) return ofAnswer(element);
  const people = workspace.people.map((person) => ({
    key: person.id,
    label: nameOf(person),
    note: person.title || roleOf(person),
  }));
  const channels = workspace.channels.map((one) => ({ key: one.id, label: `#${one.name}` }));
  if (element.type.includes("users")) return people;
  if (element.type.includes("channels")) return channels;
  if (!element.type.includes("conversations")) return [];
  const included = element.filter?.include;
  const direct = workspace.dms
    .filter((dm) => !(element.filter?.exclude_bot_users && dm.user === workspace.bot.user_id))
    .map((dm) => ({
      key: dm.id,
      label: people.find((one) => one.key === dm.user)?.label ?? workspace.bot.name,
    }));
  return [
    ...(!included || included.includes("public") || included.includes("private") ? channels : []),
    ...(!included || included.includes("im") ? direct : []),
  ];
}

const FIELDS = {
  users: "selected_user",
  conversations: "selected_conversation",
  channels: "selected_channel",
} as const;

const kindOf = (type: string): keyof typeof FIELDS | null =>
  (Object.keys(FIELDS) as (keyof typeof FIELDS)[]).find((kind) => type.includes(kind)) ?? null;

/** What is chosen, as lines of the menu; an id nobody offers shows as itself. */
export function chosenIn(value: Value | undefined, all: Choice[]): Choice[] {
  if (value === undefined) return [];
  const kind = kindOf(value.type);
  if (kind === null) {
    const options =
      value.selected_options ?? (value.selected_option ? [value.selected_option] : []);
    return options.map((option) => ofOption(option));
  }
  const field = FIELDS[kind];
  const one = value[field];
  const ids = value[`${field}s`] ?? (one ? [one] : []);
  return ids.map((id) => all.find((choice) => choice.key === id) ?? { key: id, label: id });
}

/** The element's value with these lines chosen, in the shape of Slack's state. */
export function valueWith(type: string, chosen: Choice[]): Value {
  const kind = kindOf(type);
  const many = type.startsWith("multi_");
  if (kind === null) {
    const options = chosen.flatMap((choice) => (choice.option ? [choice.option] : []));
    return many
      ? { type, selected_options: options }
      : { type, selected_option: options[0] ?? null };
  }
  const field = FIELDS[kind];
  const ids = chosen.map((choice) => choice.key);
  return many ? { type, [`${field}s`]: ids } : { type, [field]: ids[0] ?? null };
}
