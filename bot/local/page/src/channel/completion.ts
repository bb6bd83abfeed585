import type { Workspace } from "../api/types";
import { emojiNamed } from "../text/emoji";
import { nameOf, roleOf } from "../ui/Avatar";

export interface Suggestion {
  key: string;
  /** What replaces the started word, the space after it included. */
  insert: string;
  title: string;
  hint?: string;
  note?: string;
  emoji?: string;
  person?: string;
}

export interface Completion {
  /** Where the started word begins in the text. */
  from: number;
  title: string;
  suggestions: Suggestion[];
}

const MOST = 8;
const STARTED = /(?:^|\s)([@#:])([^\s@#:]*)$/;

/** What could be meant by the word before the caret; null when nothing can. */
export function completionAt(
  text: string,
  caret: number,
  workspace: Workspace,
  inThread: boolean,
): Completion | null {
  const before = text.slice(0, caret);
  if (before.startsWith("/") && !/\s/.test(before)) {
    // Slack takes no slash commands in threads, so none are offered there.
    return inThread ? null : filled(0, "Commands", commands(before, workspace));
  }
  const [, mark, word = ""] = STARTED.exec(before) ?? [];
  const from = caret - word.length - 1;
  if (mark === "@") return filled(from, "People", people(word.toLowerCase(), workspace));
  if (mark === "#") return filled(from, "Channels", channels(word.toLowerCase(), workspace));
  if (mark === ":" && word.length >= 2) return filled(from, "Emoji", emoji(word.toLowerCase()));
  return null;
}

const filled = (from: number, title: string, suggestions: Suggestion[]): Completion | null =>
  suggestions.length ? { from, title, suggestions: suggestions.slice(0, 50) } : null;

const commands = (started: string, workspace: Workspace): Suggestion[] =>
  workspace.commands
    .filter(({ command }) => command.startsWith(started.toLowerCase()))
    .map(({ command, usage_hint: hint, description: note }) => ({
      key: command,
      insert: `${command} `,
      title: command,
      hint,
      note,
    }));

const people = (started: string, workspace: Workspace): Suggestion[] =>
  [...workspace.people, { id: workspace.bot.user_id, name: workspace.bot.name, role: "App" }]
    .map((person) => ({
      key: person.id,
      insert: `@${nameOf(person)} `,
      title: nameOf(person),
      note: roleOf(person),
      person: person.id,
    }))
    .filter(({ title }) => title.toLowerCase().includes(started))
    .slice(0, MOST);

const channels = (started: string, workspace: Workspace): Suggestion[] =>
  workspace.channels
    .filter(({ name }) => name.includes(started))
    .map(({ id, name, topic }) => ({
      key: id,
      insert: `#${name} `,
      title: `#${name}`,
      note: topic?.value,
    }))
    .slice(0, MOST);

const emoji = (started: string): Suggestion[] =>
  emojiNamed(started, MOST).map(([name, glyph]) => ({
    key: name,
    insert: `:${name}: `,
    title: `:${name}:`,
    emoji: glyph,
  }));

/** The usage hint of the command being typed, while nothing stands behind it yet. */
export function usageOf(text: string, workspace: Workspace): string | null {
  const [, name] = /^(\/\S+)\s*$/.exec(text) ?? [];
  return workspace.commands.find(({ command }) => command === name)?.usage_hint ?? null;
}
