import type { Action, State, View } from "./blocks";
import type {
  Answer,
  Fault,
  Message,
  OptionsAnswer,
  SubmitAnswer,
  TrafficEntry,
  Workspace,
} from "./types";

/** The server answered with an error; `message` is a sentence for a person. */
export class LocalError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const UNREACHABLE = "The local Slack isn't answering. Is deskhand demo still running?";

async function request<T>(path: string, body?: object): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(body),
        };
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new LocalError("unreachable", UNREACHABLE);
  }
  const answer = (await response.json().catch(() => null)) as (T & Partial<Answer>) | null;
  if (answer === null || !response.ok || answer.ok === false) {
    const code = answer?.error ?? `http_${response.status}`;
    throw new LocalError(code, answer?.message || `Slack answered “${code}”.`);
  }
  return answer;
}

const query = (parameters: Record<string, string>): string =>
  new URLSearchParams(parameters).toString();

export const getWorkspace = (as: string | null): Promise<Workspace> =>
  request(`/local/workspace${as ? `?${query({ as })}` : ""}`);

export async function getMessages(
  as: string,
  channel: string,
  threadTs?: string,
): Promise<Message[]> {
  const where = query({ as, channel, ...(threadTs ? { thread_ts: threadTs } : {}) });
  return (await request<{ messages: Message[] }>(`/local/messages?${where}`)).messages;
}

export const markRead = (as: string, channel: string, ts: string): Promise<Answer> =>
  request("/local/read", { as, channel, ts });

export const send = (
  as: string,
  channel: string,
  text: string,
  threadTs?: string,
): Promise<Answer> => request("/local/send", { as, channel, text, thread_ts: threadTs });

export interface MessageAction extends Action {
  channel: string;
  message_ts: string;
  state: State;
}

export const click = (as: string, action: MessageAction): Promise<Answer> =>
  request("/local/click", { as, ...action });

export const clickInView = (
  as: string,
  viewId: string,
  action: Action,
  state: State,
): Promise<Answer> => request("/local/view/click", { as, view_id: viewId, ...action, state });

/** Submits a modal. Validation errors are an answer here, not a failure. */
export async function submitView(as: string, viewId: string, state: State): Promise<SubmitAnswer> {
  return request("/local/view/submit", { as, view_id: viewId, state });
}

export const closeView = (as: string, viewId: string): Promise<Answer> =>
  request("/local/view/close", { as, view_id: viewId });

export interface OptionsQuery {
  view_id?: string;
  message?: { channel: string; ts: string };
  block_id: string;
  action_id: string;
  value: string;
}

export const suggestOptions = (as: string, asked: OptionsQuery): Promise<OptionsAnswer> =>
  request("/local/view/options", { as, ...asked });

export interface ShortcutUse {
  callback_id: string;
  type: "message" | "global";
  channel?: string;
  message_ts?: string;
}

export const runShortcut = (as: string, shortcut: ShortcutUse): Promise<Answer> =>
  request("/local/shortcut", { as, ...shortcut });

export const openHome = (as: string): Promise<{ view: View | null }> =>
  request("/local/home", { as });

export const getTraffic = async (): Promise<TrafficEntry[]> =>
  (await request<{ entries: TrafficEntry[] }>("/local/traffic")).entries;

export const setFault = (fault: Fault): Promise<Answer> => request("/local/faults", fault);
