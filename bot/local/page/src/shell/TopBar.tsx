import type { ReactNode } from "react";
import { desk, useWorkspace } from "../store/desk";
import { toggleTheme, useTheme } from "../store/theme";
import { traffic } from "../traffic/store";
import { Icon } from "../ui/icons";
import { PersonSwitcher } from "./PersonSwitcher";

export function TopBar(): ReactNode {
  const { team } = useWorkspace();
  const theme = useTheme();
  const open = traffic.use((state) => state.open);
  const other = theme === "dark" ? "light" : "dark";
  return (
    <header className="top-bar">
      <button
        type="button"
        className="top-button narrow-only"
        aria-label="Channels"
        data-testid="drawer-toggle"
        onClick={() => desk.set((state) => ({ drawer: !state.drawer }))}
      >
        <Icon name="menu" />
      </button>
      <button
        type="button"
        className="search"
        data-testid="switcher-toggle"
        onClick={() => desk.set({ switcher: true })}
      >
        <Icon name="search" size={15} />
        <span>Search {team.name}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className="top-tools">
        <button
          type="button"
          className="top-button"
          aria-pressed={open}
          title="What Slack and the app say to each other"
          data-testid="traffic-toggle"
          onClick={() => traffic.toggle()}
        >
          <Icon name="traffic" /> <span className="top-label">Traffic</span>
        </button>
        <button
          type="button"
          className="top-button"
          aria-label={`Switch to the ${other} theme`}
          title={`Switch to the ${other} theme`}
          data-testid="theme-toggle"
          onClick={toggleTheme}
        >
          <Icon name={theme === "dark" ? "sun" : "moon"} />
        </button>
        <PersonSwitcher />
      </div>
    </header>
  );
}
