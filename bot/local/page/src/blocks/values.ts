import type { Block, Element, Text, Value, Values } from "../api/blocks";

const SELECTS = /^(multi_)?(static|external|users|conversations|channels)_select$/;
const TEXTS = new Set(["plain_text_input", "email_text_input", "url_text_input", "number_input"]);

export const isText = (type: string): boolean => TEXTS.has(type);

/** The elements of a block that people can enter something into or click. */
function elementsOf(block: Block): Element[] {
  const inner: (Element | Text)[] = [
    ...(block.actions ?? []),
    ...(block.element ? [block.element] : []),
    ...(block.accessory ? [block.accessory] : []),
    ...(block.type === "actions" ? (block.elements ?? []) : []),
  ];
  return inner.filter((one): one is Element => "action_id" in one);
}

/** What an element holds before anybody touched it; null for those that hold nothing. */
export function initialValue(element: Element, conversation?: string): Value | null {
  const { type } = element;
  if (isText(type)) return { type, value: element.initial_value ?? null };
  if (SELECTS.test(type)) return initialSelection(element, conversation);
  switch (type) {
    case "radio_buttons":
      return { type, selected_option: element.initial_option ?? null };
    case "checkboxes":
      return { type, selected_options: element.initial_options ?? [] };
    case "datepicker":
      return { type, selected_date: element.initial_date ?? null };
    case "timepicker":
      return { type, selected_time: element.initial_time ?? null };
    case "datetimepicker":
      return { type, selected_date_time: element.initial_date_time ?? null };
    default:
      return null;
  }
}

function initialSelection(element: Element, conversation?: string): Value {
  const { type } = element;
  const here = element.default_to_current_conversation ? conversation : undefined;
  if (type.includes("users")) {
    return type.startsWith("multi_")
      ? { type, selected_users: element.initial_users ?? [] }
      : { type, selected_user: element.initial_user ?? null };
  }
  if (type.includes("conversations")) {
    return type.startsWith("multi_")
      ? { type, selected_conversations: element.initial_conversations ?? (here ? [here] : []) }
      : { type, selected_conversation: element.initial_conversation ?? here ?? null };
  }
  if (type.includes("channels")) {
    return type.startsWith("multi_")
      ? { type, selected_channels: element.initial_channels ?? [] }
      : { type, selected_channel: element.initial_channel ?? null };
  }
  return type.startsWith("multi_")
    ? { type, selected_options: element.initial_options ?? [] }
    : { type, selected_option: element.initial_option ?? null };
}

/** Slack names every block; the index stands in where a block came without a name. */
export const idOf = (block: Block, index: number): string => block.block_id ?? `block-${index}`;

/** The blocks and those inside containers and carousels, each with its id. */
function withInner(blocks: Block[]): [id: string, block: Block][] {
  return blocks.flatMap((block, index) => {
    const cards = block.type === "carousel" ? (block.elements as Block[]) : [];
    const inner = [...(block.child_blocks ?? []), ...(cards ?? [])];
    return [[idOf(block, index), block] as [string, Block], ...withInner(inner)];
  });
}

/**
 * The values of all elements in the blocks. What a person entered survives an update of the
 * view as long as block_id, action_id and type stay the same, as in Slack.
 */
export function valuesOf(blocks: Block[], entered: Values, conversation?: string): Values {
  const values: Values = {};
  for (const [blockId, block] of withInner(blocks)) {
    for (const element of elementsOf(block)) {
      const actionId = element.action_id ?? "";
      const before = entered[blockId]?.[actionId];
      const value = before?.type === element.type ? before : initialValue(element, conversation);
      if (value !== null) (values[blockId] ??= {})[actionId] = value;
    }
  }
  return values;
}

export function isEmpty(value: Value | undefined): boolean {
  if (value === undefined) return true;
  const { type: _, ...held } = value;
  return Object.values(held).every(
    (one) => one === null || one === undefined || one === "" || (Array.isArray(one) && !one.length),
  );
}
