import { desk, useWorkspace } from "../store/desk";
import { nameOf } from "../ui/Avatar";
import type { Reader } from "./dates";

let cached: Reader = { locale: "en-US", timeZone: "UTC" };

/** The zone and language of the person who looks: what Slack would use to word a date. */
export function useReader(): Reader {
  return desk.use(({ workspace }) => {
    const locale = workspace?.me.locale ?? "en-US";
    const timeZone = workspace?.me.tz ?? "UTC";
    if (cached.locale !== locale || cached.timeZone !== timeZone) cached = { locale, timeZone };
    return cached;
  });
}

export function useNames(): { user(id: string): string; channel(id: string): string } {
  const { people, bot, channels } = useWorkspace();
  return {
    user: (id) => {
      if (id === bot.user_id) return bot.name;
      const person = people.find((one) => one.id === id);
      return person ? nameOf(person) : id;
    },
    channel: (id) => channels.find((one) => one.id === id)?.name ?? id,
  };
}

export const nowSeconds = (): number => Date.now() / 1000;
