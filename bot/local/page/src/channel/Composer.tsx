import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import * as api from "../api/client";
import { desk, useMe, useWorkspace } from "../store/desk";
import { report } from "../store/toasts";
import { Icon } from "../ui/icons";
import { completionAt, usageOf, type Suggestion } from "./completion";
import { CompletionList } from "./CompletionList";
import { composerId, draftKey, setDraft } from "./drafts";
import { encodeMessage } from "./encodeMessage";
import { FormatBar, wrapSelection } from "./FormatBar";
import { ShortcutMenu } from "./ShortcutMenu";
import { Tries } from "./Tries";
import { firstVisit, rememberVisit } from "./visits";

interface ComposerProps {
  conversation: string;
  threadTs?: string;
  placeholder: string;
  offersTries?: boolean;
}

export function Composer(props: ComposerProps): ReactNode {
  const { conversation, threadTs, placeholder } = props;
  const me = useMe();
  const workspace = useWorkspace();
  const key = draftKey(conversation, threadTs);
  const text = desk.use((state) => state.drafts[key] ?? "");
  const [caret, setCaret] = useState(0);
  const [hidden, setHidden] = useState(false);
  const [active, setActive] = useState(0);
  const [sending, setSending] = useState(0);
  const field = useRef<HTMLTextAreaElement>(null);

  const completion = hidden ? null : completionAt(text, caret, workspace, threadTs !== undefined);
  const usage = usageOf(text, workspace);
  const listId = `${composerId(key)}-list`;

  useLayoutEffect(() => grow(field.current), [text]);
  useEffect(() => {
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, [key]);

  const change = (next: string, at: number): void => {
    setDraft(key, next);
    setCaret(at);
    setHidden(false);
    setActive(0);
  };
  const complete = (suggestion: Suggestion): void => {
    if (!completion) return;
    const next = text.slice(0, completion.from) + suggestion.insert + text.slice(caret).trimStart();
    const at = completion.from + suggestion.insert.length;
    change(next, at);
    field.current?.focus();
    requestAnimationFrame(() => field.current?.setSelectionRange(at, at));
  };
  const submit = async (): Promise<void> => {
    const command = text.startsWith("/");
    // A space in front sends as a message what would be a command otherwise.
    const typed = !command && text.trim().startsWith("/") ? ` ${text.trim()}` : text.trim();
    if (typed === "") return;
    change("", 0);
    rememberVisit();
    setSending((count) => count + 1);
    try {
      await api.send(me, conversation, command ? typed : encodeMessage(typed, workspace), threadTs);
    } catch (error) {
      // Nothing typed is lost: it comes back unless something else was begun meanwhile.
      if (!desk.get().drafts[key]) setDraft(key, text);
      report(error);
    } finally {
      setSending((count) => count - 1);
    }
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) return;
    const chosen = completion?.suggestions[active];
    if (completion && chosen) {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      const begun = text.slice(completion.from, caret);
      const whole = chosen.insert.trim() === begun && event.key === "Enter";
      if (step !== 0) {
        event.preventDefault();
        const count = completion.suggestions.length;
        return setActive((active + step + count) % count);
      }
      if ((event.key === "Enter" && !event.shiftKey && !whole) || event.key === "Tab") {
        event.preventDefault();
        return complete(chosen);
      }
      if (event.key === "Escape") {
        event.preventDefault();
        return setHidden(true);
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void submit();
    } else if ((event.ctrlKey || event.metaKey) && (event.key === "b" || event.key === "i")) {
      event.preventDefault();
      wrap(event.key === "b" ? "*" : "_");
    }
  };
  const wrap = (mark: string): void => {
    if (field.current) wrapSelection(field.current, mark, change);
  };

  return (
    <div className="composer-area">
      {props.offersTries && text === "" && firstVisit() && (
        <div className="first-visit">
          <span className="muted">Try</span>
          <Tries conversation={conversation} />
        </div>
      )}
      <div className="composer">
        {completion && (
          <CompletionList
            id={listId}
            completion={completion}
            active={active}
            onChoose={complete}
            onHover={setActive}
          />
        )}
        <FormatBar onWrap={wrap} />
        <div className="composer-field">
          <textarea
            ref={field}
            id={composerId(key)}
            data-testid={threadTs ? "thread-composer" : "composer"}
            rows={1}
            value={text}
            placeholder={placeholder}
            aria-label={placeholder}
            aria-autocomplete="list"
            aria-expanded={completion !== null}
            aria-controls={completion ? listId : undefined}
            aria-activedescendant={completion ? `${listId}-${active}` : undefined}
            onChange={(event) => change(event.target.value, event.target.selectionStart)}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
          />
          {usage && !completion && (
            <div className="usage" aria-live="polite">
              <kbd>{text.trim()}</kbd> {usage}
            </div>
          )}
        </div>
        <div className="composer-foot">
          <ShortcutMenu conversation={conversation} commands={threadTs === undefined} />
          <button
            type="button"
            className="icon-button"
            aria-label="Mention someone"
            title="Mention someone"
            onClick={() => {
              change(`${text}${text && !text.endsWith(" ") ? " " : ""}@`, text.length + 2);
              field.current?.focus();
            }}
          >
            <Icon name="at" />
          </button>
          <button
            type="button"
            className="send"
            aria-label="Send now"
            title="Send now"
            data-testid={threadTs ? "thread-send" : "send"}
            disabled={text.trim() === ""}
            onClick={() => void submit()}
          >
            {sending > 0 ? <span className="spinner" /> : <Icon name="send" size={16} />}
          </button>
        </div>
      </div>
    </div>
  );
}

const TALLEST = 260;

function grow(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
}
