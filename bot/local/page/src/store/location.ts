import type { Workspace } from "../api/types";
import type { Place } from "./desk";

const HOME = "app-home";
const MESSAGES = "app-messages";

export const personInAddress = (): string | null =>
  new URLSearchParams(window.location.search).get("as");

/** `#refunds`, `#C042`, `#app-home` or `#app-messages`; null when nothing known is named. */
export function placeInAddress(workspace: Workspace): Place | null {
  const name = decodeURIComponent(window.location.hash.slice(1));
  if (name === HOME) return { kind: "home" };
  const channel = workspace.channels.find(
    (one) => (one.name === name || one.id === name) && one.is_member !== false,
  );
  const dm = workspace.dms.find(
    (one) => one.id === name || (name === MESSAGES && one.user === workspace.bot.user_id),
  );
  const id = channel?.id ?? dm?.id;
  return id === undefined ? null : { kind: "conversation", id };
}

function fragment(place: Place, workspace: Workspace): string {
  if (place.kind === "home") return HOME;
  const dm = workspace.dms.find((one) => one.id === place.id);
  if (dm?.user === workspace.bot.user_id) return MESSAGES;
  return workspace.channels.find((one) => one.id === place.id)?.name ?? place.id;
}

export function writeAddress(as: string, place: Place, workspace: Workspace): void {
  const address = `?as=${encodeURIComponent(as)}#${encodeURIComponent(fragment(place, workspace))}`;
  if (address !== window.location.search + window.location.hash) {
    window.history.pushState(null, "", address);
  }
}
