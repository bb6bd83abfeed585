import { useEffect, useRef, type ReactNode } from "react";
import { useSurface } from "../surface";
import { handles, type ElementProps } from "./field";

const SETTLED_MS = 250;

const KEYBOARDS: Record<string, "email" | "url" | "decimal" | "text"> = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "decimal",
};

/** Text, number, email and URL fields. */
export function TextElement({ blockId, element, field }: ElementProps): ReactNode {
  const surface = useSurface();
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const actionId = element.action_id ?? "";
  const text = surface.values[blockId]?.[actionId]?.value ?? "";
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const dispatchesOn = (trigger: string): boolean =>
    (field?.dispatches ?? false) && triggers.includes(trigger);

  const onChange = (typed: string): void => {
    const value = typed === "" ? null : typed;
    surface.enter(blockId, actionId, { type: element.type, value });
    if (!dispatchesOn("on_character_entered")) return;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(
      () => void surface.act(blockId, element, { value }),
      SETTLED_MS,
    );
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey) return;
    if (element.multiline || !dispatchesOn("on_enter_pressed")) return;
    event.preventDefault();
    void surface.act(blockId, element, { value: text === "" ? null : text });
  };

  const common = {
    ...handles(element, field),
    className: "text-input",
    placeholder: element.placeholder?.text,
    value: text,
    onKeyDown,
  };
  if (element.multiline) {
    return <textarea {...common} rows={4} onChange={(event) => onChange(event.target.value)} />;
  }
  return (
    <input
      {...common}
      type="text"
      inputMode={KEYBOARDS[element.type] ?? "text"}
      autoComplete="off"
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
