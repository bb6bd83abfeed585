import { useEffect, useState } from "react";
import type { Element } from "../../api/blocks";
import { LocalError } from "../../api/client";
import { useSurface } from "../surface";
import { ofAnswer, type Choice } from "./choices";

const SETTLED_MS = 200;
/** Slack's default for `min_query_length`. */
const SHORTEST_QUERY = 3;

interface Suggestions {
  choices: Choice[];
  note: string;
}

/** The app's own suggestions for what was typed; null for selects that don't ask the app. */
export function useSuggestions(
  element: Element,
  blockId: string,
  open: boolean,
  typed: string,
): Suggestions | null {
  const { suggest } = useSurface();
  const [found, setFound] = useState<Suggestions>({ choices: [], note: "" });
  const external = element.type.includes("external");
  const shortest = element.min_query_length ?? SHORTEST_QUERY;
  const actionId = element.action_id ?? "";

  useEffect(() => {
    if (!external || !open) return;
    if (typed.length < shortest) {
      const more = `Type at least ${shortest} character${shortest === 1 ? "" : "s"}`;
      setFound({ choices: [], note: more });
      return;
    }
    let current = true;
    setFound((before) => ({ ...before, note: "Searching…" }));
    const timer = window.setTimeout(() => {
      suggest(blockId, actionId, typed).then(
        (answer) => current && setFound({ choices: ofAnswer(answer), note: "Nothing found" }),
        (error: unknown) => {
          if (!(error instanceof LocalError)) throw error;
          if (current) setFound({ choices: [], note: error.message });
        },
      );
    }, SETTLED_MS);
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
    // `suggest` is new on every render; what it asks depends on the values listed here.
  }, [external, open, typed, shortest, blockId, actionId]);

  return external ? found : null;
}
