import type { Workspace } from "../api/types";
import { encode } from "../text/mrkdwn";
import { nameOf } from "../ui/Avatar";

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** What a person typed, as Slack stores it: `@Maya` → `<@U1>`, `#refunds` → `<#C1>`. */
export function encodeMessage(typed: string, workspace: Workspace): string {
  const targets = new Map<string, string>([
    [`@${workspace.bot.name}`, `<@${workspace.bot.user_id}>`],
  ]);
  for (const person of workspace.people) targets.set(`@${nameOf(person)}`, `<@${person.id}>`);
  for (const channel of workspace.channels) targets.set(`#${channel.name}`, `<#${channel.id}>`);
  for (const range of ["here", "channel", "everyone"]) targets.set(`@${range}`, `<!${range}>`);

  // Longest first, so that “@Maya Lopez” is not taken for “@Maya”.
  const names = [...targets.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp);
  const pattern = new RegExp(`(?<![\\w])(${names.join("|")})(?![\\w-])`, "g");
  let out = "";
  let at = 0;
  for (const found of typed.matchAll(pattern)) {
    out += encode(typed.slice(at, found.index)) + (targets.get(found[0]) ?? "");
    at = found.index + found[0].length;
  }
  return out + encode(typed.slice(at));
}
