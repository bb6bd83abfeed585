import { desk, threadKey, type ThreadPlace } from "../store/desk";

export const draftKey = (conversation: string, threadTs?: string): string =>
  threadTs
    ? threadKey({ channel: conversation, ts: threadTs } satisfies ThreadPlace)
    : conversation;

export const composerId = (key: string): string => `composer-${key}`;

export const setDraft = (key: string, text: string): void =>
  desk.set((state) => ({ drafts: { ...state.drafts, [key]: text } }));

export function fillComposer(conversation: string, text: string): void {
  setDraft(conversation, text);
  const field = document.getElementById(composerId(conversation)) as HTMLTextAreaElement | null;
  field?.focus();
  // After the text is drawn, so that the caret ends up behind it.
  requestAnimationFrame(() => field?.setSelectionRange(text.length, text.length));
}
