import { useLayoutEffect, useRef, type ReactNode } from "react";
import { useWorkspace } from "../store/desk";
import { Plain } from "../text/Mrkdwn";
import { AppAvatar, Avatar } from "../ui/Avatar";
import type { Completion, Suggestion } from "./completion";

interface CompletionListProps {
  id: string;
  completion: Completion;
  active: number;
  onChoose: (suggestion: Suggestion) => void;
  onHover: (index: number) => void;
}

/** What the started word could become, above the composer. */
export function CompletionList(props: CompletionListProps): ReactNode {
  const { id, completion, active } = props;
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  return (
    <div className="completion" data-testid="completion">
      <div className="completion-title">
        <b>{completion.title}</b>
        <span className="muted">
          <kbd>↑</kbd>
          <kbd>↓</kbd> to move <kbd>Tab</kbd> to choose <kbd>Esc</kbd> to dismiss
        </span>
      </div>
      <div
        ref={list}
        className="completion-list"
        id={id}
        role="listbox"
        aria-label={completion.title}
      >
        {completion.suggestions.map((suggestion, index) => (
          <div
            key={suggestion.key}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            data-active={index === active || undefined}
            data-testid={`complete-${suggestion.key}`}
            className="option"
            // The text field keeps the focus and its caret.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => props.onChoose(suggestion)}
            onPointerMove={() => props.onHover(index)}
          >
            <Picture suggestion={suggestion} />
            <span className="completion-text">
              <span>
                <b>{suggestion.title}</b> <span className="muted">{suggestion.hint}</span>
              </span>
              {suggestion.note && (
                <small className="muted">
                  <Plain text={suggestion.note} />
                </small>
              )}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

function Picture({ suggestion }: { suggestion: Suggestion }): ReactNode {
  const { people, bot } = useWorkspace();
  if (suggestion.emoji) return <span className="emoji">{suggestion.emoji}</span>;
  if (suggestion.title.startsWith("/") || suggestion.person === bot.user_id)
    return <AppAvatar size={24} />;
  const person = people.find((one) => one.id === suggestion.person);
  return person ? <Avatar user={person} size={24} /> : null;
}
