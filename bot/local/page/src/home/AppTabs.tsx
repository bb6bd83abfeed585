import type { ReactNode } from "react";

interface AppTabsProps {
  current: "home" | "messages";
  onHome?: () => void;
  onMessages?: () => void;
}

export function AppTabs({ current, onHome, onMessages }: AppTabsProps): ReactNode {
  return (
    <div className="tabs" role="tablist" aria-label="App">
      <button
        type="button"
        role="tab"
        aria-selected={current === "home"}
        data-testid="tab-home"
        onClick={onHome}
      >
        Home
      </button>
      <button
        type="button"
        role="tab"
        aria-selected={current === "messages"}
        data-testid="tab-messages"
        onClick={onMessages}
      >
        Messages
      </button>
    </div>
  );
}
