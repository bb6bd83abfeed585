import type { Block, Element, Value, Values } from "../api/blocks";
import { idOf, isEmpty } from "./values";

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const INTEGER = /^[+-]?\d+$/;
/** Slack's own limit for a text field without one. */
const LONGEST_TEXT = 3000;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/** What Slack itself checks before a modal is sent to the app: block_id → sentence. */
export function validate(blocks: Block[], values: Values): Record<string, string> {
  const errors: Record<string, string> = {};
  blocks.forEach((block, index) => {
    if (block.type !== "input" || !block.element) return;
    const blockId = idOf(block, index);
    const value = values[blockId]?.[block.element.action_id ?? ""];
    const error = isEmpty(value)
      ? block.optional
        ? null
        : "Please complete this required field."
      : complaint(block.element, value);
    if (error !== null) errors[blockId] = error;
  });
  return errors;
}

function complaint(element: Element, value: Value | undefined): string | null {
  const text = value?.value ?? "";
  const most = element.max_length ?? LONGEST_TEXT;
  switch (element.type) {
    case "email_text_input":
      return EMAIL.test(text) ? null : "Please enter a valid email address.";
    case "url_text_input":
      return URL.canParse(text) ? null : "Please enter a valid URL.";
    case "number_input":
      return numberComplaint(element, text.trim());
    case "plain_text_input":
      if (element.min_length && text.length < element.min_length) {
        return `Please enter at least ${element.min_length} characters.`;
      }
      return text.length > most ? `Please enter no more than ${most} characters.` : null;
    default:
      return null;
  }
}

function numberComplaint(element: Element, text: string): string | null {
  const pattern = element.is_decimal_allowed ? DECIMAL : INTEGER;
  if (!pattern.test(text)) {
    return element.is_decimal_allowed
      ? "Please enter a valid number."
      : "Please enter a whole number.";
  }
  if (element.min_value !== undefined && Number(text) < Number(element.min_value)) {
    return `Please enter a number no less than ${element.min_value}.`;
  }
  if (element.max_value !== undefined && Number(text) > Number(element.max_value)) {
    return `Please enter a number no greater than ${element.max_value}.`;
  }
  return null;
}
