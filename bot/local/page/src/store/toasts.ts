import { LocalError } from "../api/client";
import { desk, type Toast } from "./desk";

const SHOWN_MS = 7000;
let last = 0;

export function toast(text: string, tone: Toast["tone"] = "error"): void {
  const id = ++last;
  desk.set((state) => ({
    toasts: [...state.toasts.filter((other) => other.text !== text), { id, text, tone }],
  }));
  window.setTimeout(() => dismissToast(id), SHOWN_MS);
}

export function dismissToast(id: number): void {
  desk.set((state) => ({ toasts: state.toasts.filter((one) => one.id !== id) }));
}

const LEADS: Record<string, string> = {
  app_unreachable: "Slack couldn't reach the app.",
  operation_timeout: "The app didn't answer within three seconds.",
};

/** Tells the person what went wrong; rethrows what is a fault of this page. */
export function report(error: unknown): void {
  if (!(error instanceof LocalError)) throw error;
  const lead = LEADS[error.code] ?? "";
  toast(error.message.startsWith(lead) ? error.message : `${lead} ${error.message}`);
}
