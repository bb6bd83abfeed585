import { useId, type ReactNode } from "react";
import type { Option, Value } from "../../api/blocks";
import { TextObject } from "../../text/Mrkdwn";
import { useSurface } from "../surface";
import type { ElementProps } from "./field";

/** Radio buttons and checkboxes. */
export function ChoiceElement({ blockId, element, field }: ElementProps): ReactNode {
  const surface = useSurface();
  const name = useId();
  const actionId = element.action_id ?? "";
  const value = surface.values[blockId]?.[actionId];
  const many = element.type === "checkboxes";
  const chosen = new Set(
    (many ? (value?.selected_options ?? []) : [value?.selected_option]).map((one) => one?.value),
  );

  const choose = (option: Option, on: boolean): void => {
    const kept = (element.options ?? []).filter((one) =>
      one.value === option.value ? on : chosen.has(one.value),
    );
    const change: Partial<Value> = many ? { selected_options: kept } : { selected_option: option };
    surface.enter(blockId, actionId, { type: element.type, ...change });
    if (!field || field.dispatches) void surface.act(blockId, element, change);
  };

  return (
    <div
      className="choices"
      role={many ? "group" : "radiogroup"}
      aria-labelledby={field?.labelledBy}
      aria-describedby={field?.describedBy}
      data-testid={`${field ? "input" : "action"}-${actionId}`}
    >
      {element.options?.map((option) => (
        <label className="choice" key={option.value}>
          <input
            type={many ? "checkbox" : "radio"}
            name={name}
            checked={chosen.has(option.value)}
            data-testid={`option-${option.value}`}
            onChange={(event) => choose(option, event.target.checked)}
          />
          <span>
            <TextObject text={option.text} />
            {option.description && (
              <span className="muted choice-note">
                <TextObject text={option.description} />
              </span>
            )}
          </span>
        </label>
      ))}
    </div>
  );
}
