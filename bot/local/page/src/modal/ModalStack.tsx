import type { ReactNode } from "react";
import { desk } from "../store/desk";
import { ModalView } from "./ModalView";

/** The stack of up to three views; those below stay mounted, so nothing entered is lost. */
export function ModalStack(): ReactNode {
  const stack = desk.use((state) => state.modals);
  return stack.map((view, index) => (
    <ModalView key={view.id} view={view} top={index === stack.length - 1} depth={index} />
  ));
}
