import { expect, test } from "vitest";
import type { Message } from "../api/types";
import { fetched, hear } from "./arrivals";
import { desk } from "./desk";
import { upsert } from "./messages";

const said = (ts: string): Message => ({ ts, text: ts }) as Message;
const show = (messages: Message[]) => () => ({ messages: { C1: messages } });
const shown = (): string[] => (desk.get().messages.C1 ?? []).map((message) => message.ts);

test("what is told while a list is on its way is not lost", async () => {
  let answer: (messages: Message[]) => void = () => {};
  const list = new Promise<Message[]>((resolve) => (answer = resolve));
  const loading = fetched(list, "C1", show);
  hear((state) => ({ messages: { C1: upsert(state.messages.C1 ?? [], said("2")) } }));
  answer([said("1")]);
  await loading;
  expect(shown()).toEqual(["1", "2"]);
});

test("a list that comes in after a later one is not shown", async () => {
  let answer: (messages: Message[]) => void = () => {};
  const first = fetched(new Promise((resolve) => (answer = resolve)), "C1", show);
  await fetched(Promise.resolve([said("1"), said("2")]), "C1", show);
  answer([said("1")]);
  await first;
  expect(shown()).toEqual(["1", "2"]);
});
