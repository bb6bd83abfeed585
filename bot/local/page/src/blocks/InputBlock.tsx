import { useId, type ReactNode } from "react";
import type { Block } from "../api/blocks";
import { TextObject } from "../text/Mrkdwn";
import { Icon } from "../ui/icons";
import { ElementView } from "./elements/ElementView";
import { useSurface } from "./surface";

/** A labelled field. It tells the app of changes only with `dispatch_action`. */
export function InputBlock({ block, id }: { block: Block; id: string }): ReactNode {
  const { errors } = useSurface();
  const field = useId();
  const error = errors[id];
  const group = block.element?.type === "radio_buttons" || block.element?.type === "checkboxes";
  const label = (
    <>
      <TextObject text={block.label} />
      {block.optional && <span className="muted"> (optional)</span>}
    </>
  );
  return (
    <div className={error ? "input-block invalid" : "input-block"}>
      {group ? (
        <div className="label" id={`${field}-label`}>
          {label}
        </div>
      ) : (
        <label className="label" htmlFor={field} id={`${field}-label`}>
          {label}
        </label>
      )}
      {block.element && (
        <ElementView
          blockId={id}
          element={block.element}
          field={{
            id: field,
            labelledBy: `${field}-label`,
            describedBy: error ? `${field}-error` : block.hint ? `${field}-hint` : undefined,
            invalid: error !== undefined,
            dispatches: block.dispatch_action ?? false,
          }}
        />
      )}
      {error && (
        <div className="error" id={`${field}-error`} role="alert" data-testid={`error-${id}`}>
          <Icon name="alert" size={14} /> {error}
        </div>
      )}
      {block.hint && (
        <div className="hint" id={`${field}-hint`}>
          <TextObject text={block.hint} />
        </div>
      )}
    </div>
  );
}
