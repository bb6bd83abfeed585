import type { ReactNode } from "react";
import { TextObject } from "../../text/Mrkdwn";
import { Icon } from "../../ui/icons";
import { actionKey, useSurface } from "../surface";
import { handles, type ElementProps } from "./field";

export function ButtonElement({ blockId, element, field }: ElementProps): ReactNode {
  const surface = useSurface();
  const action = { value: element.value };
  const loading = surface.busy === actionKey(blockId, element, action);
  const onClick = (): void => {
    if (loading) return;
    if (element.url) window.open(element.url, "_blank", "noopener,noreferrer");
    void surface.act(blockId, element, action);
  };
  return (
    <button
      type="button"
      className={`button ${element.style ?? ""}`}
      aria-busy={loading || undefined}
      {...handles(element, field)}
      onClick={onClick}
    >
      <span className="button-text">
        {element.type === "icon_button" && <Icon name="trash" size={14} />}
        <TextObject text={element.text} />
      </span>
      {loading && <span className="spinner" />}
    </button>
  );
}
