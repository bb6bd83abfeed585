import { useEffect, useRef, type ReactNode } from "react";
import type { Confirm } from "../api/blocks";
import { TextObject } from "../text/Mrkdwn";
import { Dialog } from "../ui/Dialog";

interface ConfirmDialogProps {
  confirm: Confirm;
  answer: (yes: boolean) => void;
}

/** “Are you sure?”, as the app worded it. */
export function ConfirmDialog({ confirm, answer }: ConfirmDialogProps): ReactNode {
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => yes.current?.focus(), []);
  const refuse = (): void => answer(false);
  return (
    <Dialog
      label={confirm.title.text}
      className="dialog confirm"
      testId="confirm"
      onEscape={refuse}
      onOutside={refuse}
    >
      <header className="dialog-head">
        <h2>
          <TextObject text={confirm.title} />
        </h2>
      </header>
      <div className="dialog-body">
        <TextObject text={confirm.text} />
      </div>
      <footer className="dialog-foot">
        <button type="button" className="button" data-testid="confirm-no" onClick={refuse}>
          {confirm.deny ? <TextObject text={confirm.deny} /> : "Cancel"}
        </button>
        <button
          ref={yes}
          type="button"
          className={`button filled ${confirm.style === "danger" ? "danger" : "primary"}`}
          data-testid="confirm-yes"
          onClick={() => answer(true)}
        >
          <TextObject text={confirm.confirm} />
        </button>
      </footer>
    </Dialog>
  );
}
