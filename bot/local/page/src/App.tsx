import { useEffect, type ReactNode } from "react";
import { ChannelView } from "./channel/ChannelView";
import { ThreadPane } from "./channel/ThreadPane";
import { HomeView } from "./home/HomeView";
import { ModalStack } from "./modal/ModalStack";
import { ChannelSwitcher } from "./shell/ChannelSwitcher";
import { Sidebar } from "./shell/Sidebar";
import { Toasts } from "./shell/Toasts";
import { TopBar } from "./shell/TopBar";
import { closeThread } from "./store/session";
import { desk } from "./store/desk";
import { TrafficPanel } from "./traffic/TrafficPanel";
import { traffic } from "./traffic/store";

export function App(): ReactNode {
  const loaded = desk.use((state) => state.workspace !== null);
  const fatal = desk.use((state) => state.fatal);
  if (fatal !== null) return <Fatal text={fatal} />;
  return loaded ? (
    <Desk />
  ) : (
    <div className="loading">
      <span className="spinner" /> Opening the desk…
    </div>
  );
}

function Fatal({ text }: { text: string }): ReactNode {
  return (
    <div className="loading" role="alert">
      <p>{text}</p>
      <button type="button" className="button" onClick={() => window.location.reload()}>
        Try again
      </button>
    </div>
  );
}

function Desk(): ReactNode {
  const place = desk.use((state) => state.place);
  const thread = desk.use((state) => state.thread);
  const modals = desk.use((state) => state.modals.length > 0);
  const drawer = desk.use((state) => state.drawer);
  const switcher = desk.use((state) => state.switcher);
  const showTraffic = traffic.use((state) => state.open);
  useShortcuts();
  useTitle();

  return (
    <div className="desk" data-drawer={drawer || undefined}>
      <TopBar />
      <Notice />
      <div className="frame">
        <Sidebar />
        {drawer && <div className="scrim" onClick={() => desk.set({ drawer: false })} />}
        <main className="pane" aria-label="Conversation">
          {place?.kind === "conversation" && <ChannelView key={place.id} id={place.id} />}
          {place?.kind === "home" && <HomeView />}
        </main>
        {thread && <ThreadPane key={thread.ts} place={thread} />}
        {showTraffic && <TrafficPanel />}
      </div>
      {modals && <ModalStack />}
      {switcher && <ChannelSwitcher />}
      <Toasts />
    </div>
  );
}

function Notice(): ReactNode {
  const notice = desk.use((state) => state.workspace?.notice);
  const live = desk.use((state) => state.live);
  if (!live) {
    return (
      <div className="notice lost" role="status">
        Connection lost. Trying to reconnect…
      </div>
    );
  }
  return notice ? (
    <div className="notice" role="note">
      {notice}
    </div>
  ) : null;
}

function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        desk.set((state) => ({ switcher: !state.switcher }));
      } else if (event.key === "Escape" && !event.defaultPrevented) {
        if (desk.get().drawer) desk.set({ drawer: false });
        else if (desk.get().modals.length === 0) closeThread();
      }
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function useTitle(): void {
  const team = desk.use((state) => state.workspace?.team.name ?? "Deskhand");
  const unread = desk.use((state) =>
    (state.workspace?.channels ?? []).reduce((sum, channel) => sum + channel.unread, 0),
  );
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${team} | Local Slack`;
  }, [team, unread]);
}
