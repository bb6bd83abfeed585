import {
  useLayoutEffect,
  useRef,
  useState,
  type CSSProperties,
  type ReactNode,
  type RefObject,
} from "react";
import { Plain } from "../../text/Mrkdwn";
import type { Choice } from "./choices";

interface ListboxProps {
  id: string;
  anchor: RefObject<HTMLElement | null>;
  choices: Choice[];
  active: number;
  chosen: ReadonlySet<string>;
  note: string;
  onChoose: (choice: Choice) => void;
  onHover: (index: number) => void;
}

const TALLEST = 280;
const GAP = 4;

/** Under its field or above it, and never cut off by a scrolling modal. */
function place(anchor: HTMLElement): CSSProperties {
  const { left, top, bottom, width } = anchor.getBoundingClientRect();
  const below = window.innerHeight - bottom - 2 * GAP;
  const upwards = below < 180 && top > below;
  return {
    left,
    minWidth: width,
    maxHeight: Math.min(TALLEST, upwards ? top - 2 * GAP : below),
    ...(upwards ? { bottom: window.innerHeight - top + GAP } : { top: bottom + GAP }),
  };
}

export function Listbox(props: ListboxProps): ReactNode {
  const { id, anchor, choices, active, chosen, note } = props;
  const [style, setStyle] = useState<CSSProperties>({});
  const list = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const follow = (): void => {
      if (anchor.current) setStyle(place(anchor.current));
    };
    follow();
    window.addEventListener("scroll", follow, true);
    window.addEventListener("resize", follow);
    return () => {
      window.removeEventListener("scroll", follow, true);
      window.removeEventListener("resize", follow);
    };
  }, [anchor, choices.length, chosen.size]);

  useLayoutEffect(() => {
    list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  return (
    <div ref={list} className="listbox" id={id} role="listbox" style={style}>
      {choices.length === 0 && <div className="listbox-note">{note}</div>}
      {choices.map((choice, index) => (
        <div key={choice.key}>
          {choice.group && choice.group !== choices[index - 1]?.group && (
            <div className="listbox-group">
              <Plain text={choice.group} />
            </div>
          )}
          <div
            id={`${id}-${index}`}
            role="option"
            aria-selected={chosen.has(choice.key)}
            data-active={index === active || undefined}
            data-testid={`option-${choice.key}`}
            className="option"
            // The field must keep the focus, or its blur would close the list before the click.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => props.onChoose(choice)}
            onPointerMove={() => props.onHover(index)}
          >
            <Plain text={choice.label} />
            {choice.note && (
              <span className="muted option-note">
                <Plain text={choice.note} />
              </span>
            )}
          </div>
        </div>
      ))}
    </div>
  );
}
