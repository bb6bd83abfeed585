import type { ReactNode } from "react";
import { useWorkspace } from "../store/desk";
import { fillComposer } from "./drafts";

/** Things to try on the first visit; a click puts one into the composer. */
export function Tries({ conversation }: { conversation: string }): ReactNode {
  const { tries } = useWorkspace();
  return (
    <div className="tries" data-testid="tries">
      {tries.map((text) => (
        <button
          key={text}
          type="button"
          className="try"
          onClick={() => fillComposer(conversation, text)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
