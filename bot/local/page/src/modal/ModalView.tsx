import { useEffect, useRef, useState, type ReactNode } from "react";
import type { View } from "../api/blocks";
import * as api from "../api/client";
import { Blocks } from "../blocks/Blocks";
import { useSurfaceOf } from "../blocks/surface";
import { validate } from "../blocks/validate";
import { idOf } from "../blocks/values";
import { desk, useMe } from "../store/desk";
import { report, toast } from "../store/toasts";
import { Plain, TextObject } from "../text/Mrkdwn";
import { AppAvatar } from "../ui/Avatar";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";

interface ModalViewProps {
  view: View;
  top: boolean;
  depth: number;
}

const NO_ERRORS: Record<string, string> = {};

export function ModalView({ view, top, depth }: ModalViewProps): ReactNode {
  const me = useMe();
  const place = desk.use((state) => state.place);
  const [errors, setErrors] = useState(NO_ERRORS);
  const [submitting, setSubmitting] = useState(false);
  const body = useRef<HTMLDivElement>(null);

  const surface = useSurfaceOf({
    kind: "modal",
    blocks: view.blocks,
    entered: view.state?.values,
    conversation: place?.kind === "conversation" ? place.id : undefined,
    errors,
    where: { view_id: view.id },
    send: (action, state) => api.clickInView(me, view.id, action, state),
  });

  useEffect(() => focusFirstField(body.current), []);
  useEffect(() => {
    body.current?.querySelector<HTMLElement>(".invalid :is(input, textarea)")?.focus();
  }, [errors]);
  // A view the app replaced starts without the complaints about the one before it.
  useEffect(() => setErrors(NO_ERRORS), [view.hash]);

  const refuse = (found: Record<string, string>): void => {
    setErrors(found);
    const shown = new Set(view.blocks.map(idOf));
    for (const [id, text] of Object.entries(found)) if (!shown.has(id)) toast(text);
  };
  const submit = async (): Promise<void> => {
    if (submitting) return;
    const found = validate(view.blocks, surface.values);
    if (Object.keys(found).length > 0) return refuse(found);
    setErrors(NO_ERRORS);
    setSubmitting(true);
    try {
      const answer = await api.submitView(me, view.id, { values: surface.values });
      if (answer.errors) refuse(answer.errors);
      else settle(view.id, answer.response_action);
    } catch (error) {
      report(error);
    } finally {
      setSubmitting(false);
    }
  };
  const close = (): void => {
    settle(view.id, view.clear_on_close ? "clear" : "none");
    api.closeView(me, view.id).catch(report);
  };

  const submitText = view.submit;
  return (
    <div hidden={!top}>
      <Dialog
        label={view.title?.text ?? "Form"}
        className="dialog modal"
        testId={top ? "modal" : undefined}
        onEscape={close}
      >
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
          }}
        >
          <header className="dialog-head">
            <AppAvatar size={28} />
            <h2>{view.title && <TextObject text={view.title} />}</h2>
            <button
              type="button"
              className="icon-button"
              aria-label={depth > 0 ? "Back" : "Close"}
              data-testid={top ? "modal-x" : undefined}
              onClick={close}
            >
              <Icon name="close" />
            </button>
          </header>
          <div className="dialog-body" ref={body}>
            <Blocks blocks={view.blocks} surface={surface} />
          </div>
          <footer className="dialog-foot">
            <button
              type="button"
              className="button"
              data-testid={top ? "modal-close" : undefined}
              onClick={close}
            >
              <Plain text={view.close?.text ?? (submitText ? "Cancel" : "Close")} />
            </button>
            {submitText && (
              <button
                type="submit"
                className="button filled primary"
                data-testid={top ? "modal-submit" : undefined}
                disabled={view.submit_disabled ?? false}
                aria-busy={submitting || undefined}
              >
                <span className="button-text">
                  <Plain text={submitText.text} />
                </span>
                {submitting && <span className="spinner" />}
              </button>
            )}
          </footer>
        </form>
      </Dialog>
    </div>
  );
}

/** Takes the view away at once where the answer says so; the stream confirms it. */
function settle(viewId: string, action: string | undefined): void {
  const { modals } = desk.get();
  if (modals.at(-1)?.id !== viewId) return;
  if (action === "clear") desk.set({ modals: [] });
  else if (action === "none" || action === undefined) desk.set({ modals: modals.slice(0, -1) });
}

function focusFirstField(body: HTMLElement | null): void {
  const chosen = body?.querySelector<HTMLElement>("[data-autofocus]");
  const first = body?.querySelector<HTMLElement>(".input-block :is(input, textarea)");
  (chosen ?? first)?.focus();
}
