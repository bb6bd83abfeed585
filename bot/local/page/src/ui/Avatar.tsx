import type { ReactNode } from "react";
import type { Person, User } from "../api/types";
import { useWorkspace } from "../store/desk";

const COLOURS = ["#4a8fdd", "#2b9a66", "#c9643b", "#8d5fc4", "#b8860b", "#c2477f", "#3d7f8c"];

/** The name to show: a display name that is only the handle says less than the full name. */
export function nameOf(user: User): string {
  const shown = user.profile?.display_name;
  return (shown !== user.name && shown) || user.real_name || user.name;
}

/** The role as a label: “agent” → “Agent”. */
export const roleOf = ({ role = "" }: Person): string =>
  role.charAt(0).toUpperCase() + role.slice(1);

function colourOf(user: User): string {
  const own = user.profile?.color;
  if (own) return own.startsWith("#") ? own : `#${own}`;
  const sum = [...user.id].reduce((total, char) => total + char.charCodeAt(0), 0);
  return COLOURS[sum % COLOURS.length] ?? "#4a8fdd";
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .slice(0, 2)
    .join("")
    .toUpperCase();

export function Avatar({ user, size = 36 }: { user: User; size?: number }): ReactNode {
  const style = { width: size, height: size, fontSize: size * 0.42, background: colourOf(user) };
  const image = user.profile?.image_72;
  return image ? (
    <img className="avatar" style={style} src={image} alt="" />
  ) : (
    <span className="avatar" style={style} aria-hidden="true">
      {initials(user.real_name || nameOf(user))}
    </span>
  );
}

/** What Slack itself says, it says as Slackbot. */
export function SlackbotAvatar({ size = 36 }: { size?: number }): ReactNode {
  const style = { width: size, height: size, fontSize: size * 0.55, background: "#5b3f8c" };
  return (
    <span className="avatar" style={style} aria-hidden="true">
      ♥
    </span>
  );
}

/** The app's own picture, or Deskhand's bell where it has none. */
export function AppAvatar({ size = 36 }: { size?: number }): ReactNode {
  const { bot } = useWorkspace();
  const style = { width: size, height: size };
  if (bot.icon) return <img className="avatar" style={style} src={bot.icon} alt="" />;
  return (
    <svg className="avatar" style={style} viewBox="0 0 36 36" aria-hidden="true">
      <rect width="36" height="36" fill="#1f7a6b" />
      <path
        d="M8 24.500h20M10.5 22a7.5 7.5 0 0115 0z"
        fill="#fff"
        stroke="#fff"
        strokeWidth="2"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
      <path d="M18 14.500v-3M15.5 11h5" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" />
    </svg>
  );
}
