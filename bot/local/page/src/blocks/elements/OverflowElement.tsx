import type { ReactNode } from "react";
import type { Option } from "../../api/blocks";
import { TextObject } from "../../text/Mrkdwn";
import { Icon } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/Menu";
import { useSurface } from "../surface";
import type { ElementProps } from "./field";

export function OverflowElement({ blockId, element }: ElementProps): ReactNode {
  const surface = useSurface();
  const choose = (option: Option): void => {
    if (option.url) window.open(option.url, "_blank", "noopener,noreferrer");
    void surface.act(blockId, element, { selected_option: option });
  };
  return (
    <Menu
      label={element.accessibility_label ?? "More options"}
      button={<Icon name="more" />}
      buttonClass="button overflow"
      testId={`action-${element.action_id ?? ""}`}
      side="right"
    >
      {(close) =>
        element.options?.map((option) => (
          <MenuItem
            key={option.value}
            testId={`option-${option.value}`}
            onSelect={() => {
              close();
              choose(option);
            }}
          >
            <TextObject text={option.text} />
          </MenuItem>
        ))
      }
    </Menu>
  );
}
