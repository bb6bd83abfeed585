import type { ReactNode } from "react";
import { isText } from "../values";
import { ButtonElement } from "./ButtonElement";
import { ChoiceElement } from "./ChoiceElement";
import { DateElement } from "./DateElement";
import type { ElementProps } from "./field";
import { OverflowElement } from "./OverflowElement";
import { SelectElement } from "./SelectElement";
import { TextElement } from "./TextElement";

/** One interactive element (or picture), wherever it stands. */
export function ElementView(props: ElementProps): ReactNode {
  const { element } = props;
  if (isText(element.type)) return <TextElement {...props} />;
  if (element.type.endsWith("_select")) return <SelectElement {...props} />;
  switch (element.type) {
    case "button":
    case "workflow_button":
    case "icon_button":
      return <ButtonElement {...props} />;
    case "overflow":
      return <OverflowElement {...props} />;
    case "radio_buttons":
    case "checkboxes":
      return <ChoiceElement {...props} />;
    case "datepicker":
    case "timepicker":
    case "datetimepicker":
      return <DateElement {...props} />;
    case "image":
      return <img className="element-image" src={element.image_url} alt={element.alt_text ?? ""} />;
    default:
      return <span className="unknown-block">This page doesn't draw “{element.type}”.</span>;
  }
}
