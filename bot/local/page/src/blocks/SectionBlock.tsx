import { useState, type ReactNode } from "react";
import type { Block } from "../api/blocks";
import { TextObject } from "../text/Mrkdwn";
import { ElementView } from "./elements/ElementView";

/** Slack folds a section after about 700 characters; cards stay readable that way. */
const FOLDED_AFTER = 700;

export function SectionBlock({ block, id }: { block: Block; id: string }): ReactNode {
  return (
    <div className="section">
      <div className="section-main">
        {block.text && <Folded block={block} />}
        {block.fields && (
          <div className="fields">
            {block.fields.map((field, index) => (
              <div className="field" key={index}>
                <TextObject text={field} />
              </div>
            ))}
          </div>
        )}
      </div>
      {block.accessory && (
        <div className={`accessory accessory-${block.accessory.type}`}>
          <ElementView blockId={id} element={block.accessory} />
        </div>
      )}
    </div>
  );
}

function Folded({ block }: { block: Block }): ReactNode {
  const length = typeof block.text === "object" ? block.text.text.length : 0;
  const [open, setOpen] = useState(length <= FOLDED_AFTER);
  return (
    <>
      <div className={open ? "section-text" : "section-text folded"}>
        <TextObject text={block.text} />
      </div>
      {length > FOLDED_AFTER && (
        <button type="button" className="link-button" onClick={() => setOpen(!open)}>
          {open ? "See less" : "See more"}
        </button>
      )}
    </>
  );
}
