import type { ReactNode } from "react";
import type { Value } from "../../api/blocks";
import { useReader } from "../../text/reader";
import { useSurface } from "../surface";
import { handles, type ElementProps } from "./field";
import { fromLocal, toLocal } from "./zoned";

const INPUTS: Record<string, string> = {
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

/** Date, time, and both: the browser's own pickers, which are keyboard-friendly everywhere. */
export function DateElement({ blockId, element, field }: ElementProps): ReactNode {
  const surface = useSurface();
  const { timeZone } = useReader();
  const actionId = element.action_id ?? "";
  const value = surface.values[blockId]?.[actionId];
  const both = value?.selected_date_time;
  const shown =
    value?.selected_date ?? value?.selected_time ?? (both ? toLocal(both, timeZone) : "");

  const onChange = (typed: string): void => {
    const change = changeTo(element.type, typed, timeZone);
    surface.enter(blockId, actionId, { type: element.type, ...change });
    if ((!field || field.dispatches) && typed !== "") void surface.act(blockId, element, change);
  };

  return (
    <input
      {...handles(element, field)}
      className="text-input date-input"
      type={INPUTS[element.type]}
      value={shown}
      max={element.type === "datepicker" ? "9999-12-31" : undefined}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function changeTo(type: string, typed: string, timeZone: string): Partial<Value> {
  if (type === "datepicker") return { selected_date: typed || null };
  if (type === "timepicker") return { selected_time: typed || null };
  return { selected_date_time: typed ? fromLocal(typed, timeZone) : null };
}
