import { memo, type ReactNode } from "react";
import type { Block } from "../api/blocks";
import { ConfirmDialog } from "./ConfirmDialog";
import { ActionsBlock, ContextActionsBlock } from "./ActionsBlock";
import { CardBlock, CarouselBlock, ContainerBlock } from "./CardBlock";
import { ContextBlock } from "./ContextBlock";
import { DataTableBlock } from "./DataTableBlock";
import { InputBlock } from "./InputBlock";
import { LibraryDrawn } from "./Library";
import { SectionBlock } from "./SectionBlock";
import { SurfaceContext, type Surface } from "./surface";
import { TextObject } from "../text/Mrkdwn";
import { idOf } from "./values";

const DRAWN_BY_LIBRARY = new Set([
  "rich_text",
  "table",
  "data_visualization",
  "image",
  "markdown",
  "video",
  "file",
  "plan",
  "task_card",
]);

/** The blocks of a message, a modal or Home, alive on the surface they stand on. */
export function Blocks({ blocks, surface }: { blocks: Block[]; surface: Surface }): ReactNode {
  return (
    <SurfaceContext value={surface}>
      <BlockList blocks={blocks} />
      {surface.asked && <ConfirmDialog {...surface.asked} />}
    </SurfaceContext>
  );
}

export function BlockList({ blocks }: { blocks: Block[] }): ReactNode {
  return (
    <div className="blocks">
      {blocks.map((block, index) => {
        const id = idOf(block, index);
        return (
          <div className={`block block-${block.type}`} key={id} data-block-id={id}>
            <OneBlock block={block} id={id} />
          </div>
        );
      })}
    </div>
  );
}

const OneBlock = memo(function OneBlock({ block, id }: { block: Block; id: string }): ReactNode {
  switch (block.type) {
    case "section":
      return <SectionBlock block={block} id={id} />;
    case "actions":
      return <ActionsBlock block={block} id={id} />;
    case "context_actions":
      return <ContextActionsBlock block={block} id={id} />;
    case "input":
      return <InputBlock block={block} id={id} />;
    case "context":
      return <ContextBlock block={block} />;
    case "header":
      return (
        <h3 className="header-text">
          <TextObject text={block.text} />
        </h3>
      );
    case "divider":
      return <hr />;
    case "alert":
      return (
        <div className={`alert alert-${block.level ?? "default"}`} role="status">
          <TextObject text={block.text} />
        </div>
      );
    case "card":
      return <CardBlock block={block} id={id} />;
    case "carousel":
      return <CarouselBlock block={block} id={id} />;
    case "container":
      return <ContainerBlock block={block} />;
    case "data_table":
      return <DataTableBlock block={block} />;
    default:
      return DRAWN_BY_LIBRARY.has(block.type) ? (
        <LibraryDrawn block={block} />
      ) : (
        <p className="unknown-block">This page doesn't draw “{block.type}” blocks.</p>
      );
  }
});
