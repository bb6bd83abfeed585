import type { ReactNode } from "react";
import { useWorkspace } from "../store/desk";
import { Mrkdwn } from "../text/Mrkdwn";
import { Tries } from "./Tries";

interface WelcomeProps {
  name: string;
  topic: string | undefined;
  empty: boolean;
  conversation: string;
}

/** The very beginning of a conversation. */
export function Welcome({ name, topic, empty, conversation }: WelcomeProps): ReactNode {
  const { bot } = useWorkspace();
  return (
    <div className="welcome">
      <h2>{name}</h2>
      <p>
        This is the very beginning of <b>{name}</b>. {topic && <Mrkdwn text={topic} />}
      </p>
      {empty && (
        <div className="welcome-empty">
          <p className="muted">
            Nothing here yet. What {bot.name} has to tell shows up here as it happens. Try one of
            these; it fills the message box, and Enter sends it:
          </p>
          <Tries conversation={conversation} />
        </div>
      )}
    </div>
  );
}
