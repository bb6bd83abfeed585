import { useState, type ReactNode } from "react";
import type { Block } from "../api/blocks";
import { TextObject } from "../text/Mrkdwn";
import { Icon } from "../ui/icons";
import { BlockList } from "./Blocks";
import { ElementView } from "./elements/ElementView";

interface BlockProps {
  block: Block;
  id: string;
}

export function CardBlock({ block, id }: BlockProps): ReactNode {
  return (
    <article className="card">
      {block.hero_image?.image_url && (
        <img
          className="card-hero"
          src={block.hero_image.image_url}
          alt={block.hero_image.alt_text}
        />
      )}
      <div className="card-body">
        <div className="card-title">
          {block.icon?.image_url && <img src={block.icon.image_url} alt={block.icon.alt_text} />}
          <b>
            <TextObject text={block.title} />
          </b>
        </div>
        {block.subtitle && (
          <div className="muted">
            <TextObject text={block.subtitle} />
          </div>
        )}
        {block.body && (
          <div>
            <TextObject text={block.body} />
          </div>
        )}
        {block.subtext && (
          <div className="muted small">
            <TextObject text={block.subtext} />
          </div>
        )}
        {block.actions && (
          <div className="actions">
            {block.actions.map((element, index) => (
              <ElementView key={index} blockId={id} element={element} />
            ))}
          </div>
        )}
      </div>
    </article>
  );
}

export function CarouselBlock({ block, id }: BlockProps): ReactNode {
  return (
    <div className="carousel" tabIndex={0} role="group" aria-label="Cards">
      {(block.elements as Block[] | undefined)?.map((card, index) => (
        <CardBlock key={index} block={card} id={card.block_id ?? id} />
      ))}
    </div>
  );
}

export function ContainerBlock({ block }: { block: Block }): ReactNode {
  const [open, setOpen] = useState(!(block.is_collapsible && block.default_collapsed));
  const title = (
    <>
      <b>
        <TextObject text={block.title} />
      </b>
      {block.subtitle && (
        <span className="muted">
          {" "}
          <TextObject text={block.subtitle} />
        </span>
      )}
    </>
  );
  return (
    <section className="container">
      {block.is_collapsible ? (
        <button
          type="button"
          className="container-title"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "chevron" : "right"} size={14} /> {title}
        </button>
      ) : (
        <div className="container-title">{title}</div>
      )}
      {open && <BlockList blocks={block.child_blocks ?? []} />}
    </section>
  );
}
