import { createContext, useContext, useMemo, useRef, useState } from "react";
import type { OptionsQuery } from "../api/client";
import { suggestOptions } from "../api/client";
import type { Action, Block, Confirm, Element, State, Value, Values } from "../api/blocks";
import type { OptionsAnswer } from "../api/types";
import { useMe } from "../store/desk";
import { report } from "../store/toasts";
import { valuesOf } from "./values";

/** Where blocks stand and what happens when somebody uses them: a message, a modal or Home. */
export interface Surface {
  kind: "message" | "modal" | "home";
  values: Values;
  errors: Record<string, string>;
  /** The action under way, as `block_id/action_id[/value]`. */
  busy: string | null;
  enter(blockId: string, actionId: string, value: Value): void;
  /** Sends a block_actions after asking, where the element wants to be confirmed. */
  act(blockId: string, element: Element, action: Partial<Value>): Promise<void>;
  suggest(blockId: string, actionId: string, typed: string): Promise<OptionsAnswer>;
  asked: { confirm: Confirm; answer: (yes: boolean) => void } | null;
}

interface SurfaceSource {
  kind: Surface["kind"];
  blocks: Block[];
  conversation?: string;
  /** What was entered before, where the server still knows it. */
  entered?: Values;
  errors?: Record<string, string>;
  where: Pick<OptionsQuery, "view_id" | "message">;
  send(action: Action, state: State): Promise<unknown>;
}

export const actionKey = (blockId: string, element: Element, action: Partial<Value>): string =>
  [blockId, element.action_id, action.value].filter((part) => part != null).join("/");

export const SurfaceContext = createContext<Surface | null>(null);

export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (surface === null) throw new Error("Blocks are drawn inside a surface.");
  return surface;
}

const NO_ERRORS = {};

export function useSurfaceOf(source: SurfaceSource): Surface {
  const me = useMe();
  const [entered, setEntered] = useState<Values>(source.entered ?? {});
  const [busy, setBusy] = useState<string | null>(null);
  const [asked, setAsked] = useState<Surface["asked"]>(null);
  const values = useMemo(
    () => valuesOf(source.blocks, entered, source.conversation),
    [source.blocks, entered, source.conversation],
  );
  // An action fired by the very change of a value has to carry the value it fired for.
  const latest = useRef(values);
  latest.current = values;

  const enter = (blockId: string, actionId: string, value: Value): void => {
    const block = { ...latest.current[blockId], [actionId]: value };
    latest.current = { ...latest.current, [blockId]: block };
    setEntered((before) => ({ ...before, [blockId]: { ...before[blockId], [actionId]: value } }));
  };

  const ask = (confirm: Confirm | undefined): Promise<boolean> =>
    confirm
      ? new Promise((resolve) =>
          setAsked({
            confirm,
            answer: (yes) => {
              setAsked(null);
              resolve(yes);
            },
          }),
        )
      : Promise.resolve(true);

  const act: Surface["act"] = async (blockId, element, action) => {
    if (!(await ask(element.confirm))) return;
    const key = actionKey(blockId, element, action);
    setBusy(key);
    try {
      const { action_id: actionId = "", type } = element;
      await source.send(
        { ...action, type, block_id: blockId, action_id: actionId },
        { values: latest.current },
      );
    } catch (error) {
      report(error);
    } finally {
      setBusy((now) => (now === key ? null : now));
    }
  };

  return {
    kind: source.kind,
    values,
    errors: source.errors ?? NO_ERRORS,
    busy,
    enter,
    act,
    asked,
    suggest: (blockId, actionId, typed) =>
      suggestOptions(me, { ...source.where, block_id: blockId, action_id: actionId, value: typed }),
  };
}
