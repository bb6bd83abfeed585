import type { ReactNode } from "react";
import type { Block, Element } from "../api/blocks";
import { ElementView } from "./elements/ElementView";

interface BlockProps {
  block: Block;
  id: string;
}

export function ActionsBlock({ block, id }: BlockProps): ReactNode {
  return (
    <div className="actions">
      {block.elements?.map((element, index) => (
        <ElementView key={index} blockId={id} element={element as Element} />
      ))}
    </div>
  );
}

/** Thumbs and small icons under an answer. */
export function ContextActionsBlock({ block, id }: BlockProps): ReactNode {
  return (
    <div className="actions small">
      {block.elements?.flatMap((one, index) => {
        const element = one as Element;
        const choices = [element.positive_button, element.negative_button].filter(
          (choice) => choice !== undefined,
        );
        if (!choices.length) return [<ElementView key={index} blockId={id} element={element} />];
        return choices.map((choice, nth) => (
          <ElementView
            key={`${index}-${nth}`}
            blockId={id}
            element={{ ...element, type: "button", text: choice.text, value: choice.value }}
          />
        ));
      })}
    </div>
  );
}
