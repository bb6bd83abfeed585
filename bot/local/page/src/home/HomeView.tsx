import type { ReactNode } from "react";
import type { View } from "../api/blocks";
import * as api from "../api/client";
import { Blocks } from "../blocks/Blocks";
import { useSurfaceOf } from "../blocks/surface";
import { desk, useMe, useWorkspace } from "../store/desk";
import { goTo } from "../store/session";
import { AppAvatar } from "../ui/Avatar";
import { AppTabs } from "./AppTabs";

/** The app's Home tab, as the app last published it for this person. */
export function HomeView(): ReactNode {
  const { bot, dms } = useWorkspace();
  const view = desk.use((state) => state.home);
  const dm = dms.find((one) => one.user === bot.user_id);
  return (
    <>
      <header className="pane-head">
        <h1>
          <AppAvatar size={24} /> {bot.name}
        </h1>
      </header>
      <AppTabs
        current="home"
        onMessages={() => dm && void goTo({ kind: "conversation", id: dm.id })}
      />
      <div className="home" data-testid="home" tabIndex={0} role="tabpanel" aria-label="Home">
        {view ? (
          <HomeBlocks key={view.id} view={view} />
        ) : (
          <p className="home-empty muted">
            {bot.name} hasn't published a Home yet. It appears here as soon as it does.
          </p>
        )}
      </div>
    </>
  );
}

function HomeBlocks({ view }: { view: View }): ReactNode {
  const me = useMe();
  const surface = useSurfaceOf({
    kind: "home",
    blocks: view.blocks,
    entered: view.state?.values,
    where: { view_id: view.id },
    send: (action, state) => api.clickInView(me, view.id, action, state),
  });
  return (
    <div className="home-inner">
      <Blocks blocks={view.blocks} surface={surface} />
    </div>
  );
}
