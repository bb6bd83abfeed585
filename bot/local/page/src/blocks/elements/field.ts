import type { Element } from "../../api/blocks";

/** Set when the element is the field of an input block: how it is labelled and if it tells the app. */
export interface Field {
  id: string;
  labelledBy: string;
  describedBy: string | undefined;
  invalid: boolean;
  dispatches: boolean;
}

export interface ElementProps {
  blockId: string;
  element: Element;
  field?: Field;
}

/** What the label, the tests and assistive technology hold on to. */
export function handles(element: Element, field: Field | undefined): Record<string, unknown> {
  const prefix = field ? "input" : "action";
  return {
    "data-testid": `${prefix}-${element.action_id ?? ""}`,
    id: field?.id,
    "aria-describedby": field?.describedBy,
    "aria-invalid": field?.invalid || undefined,
    "aria-label": field ? undefined : (element.accessibility_label ?? element.placeholder?.text),
    "data-autofocus": element.focus_on_load || undefined,
  };
}
