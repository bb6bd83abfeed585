import type { ReactNode } from "react";
import type { Block } from "../api/blocks";
import { TextObject } from "../text/Mrkdwn";

export function ContextBlock({ block }: { block: Block }): ReactNode {
  return (
    <div className="context">
      {block.elements?.map((element, index) =>
        "image_url" in element ? (
          <img key={index} src={element.image_url} alt={element.alt_text ?? ""} />
        ) : (
          <span key={index} className="context-text">
            <TextObject text={element as { type: "mrkdwn"; text: string }} />
          </span>
        ),
      )}
    </div>
  );
}
