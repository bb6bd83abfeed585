import type { Message } from "../api/types";
import { desk, type DeskState } from "./desk";

type Change = (state: DeskState) => Partial<DeskState>;

/** What the stream told while lists were on their way: a list may be older than that. */
const underWay = new Set<Change[]>();
/** By list, which request for it was shown last: an earlier one may come in after it. */
const shown = new Map<string, number>();
let asked = 0;

/** Changes the desk as the stream tells. */
export function hear(change: Change): void {
  for (const meanwhile of underWay) meanwhile.push(change);
  desk.set(change);
}

/** Shows a list that was asked for, with what was told in the meantime. */
export async function fetched(
  list: Promise<Message[]>,
  key: string,
  show: (messages: Message[]) => Change,
): Promise<void> {
  const turn = ++asked;
  const meanwhile: Change[] = [];
  underWay.add(meanwhile);
  try {
    const messages = await list;
    if ((shown.get(key) ?? 0) > turn) return;
    shown.set(key, turn);
    for (const change of [show(messages), ...meanwhile]) desk.set(change);
  } finally {
    underWay.delete(meanwhile);
  }
}
