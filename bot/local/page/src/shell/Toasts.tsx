import type { ReactNode } from "react";
import { desk } from "../store/desk";
import { dismissToast } from "../store/toasts";
import { Icon } from "../ui/icons";

export function Toasts(): ReactNode {
  const toasts = desk.use((state) => state.toasts);
  return (
    <div className="toasts" role="region" aria-label="Notifications" aria-live="assertive">
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className={`toast ${toast.tone === "error" ? "bad" : ""}`}
          role="alert"
          data-testid="toast"
        >
          <Icon name={toast.tone === "error" ? "alert" : "check"} />
          <span>{toast.text}</span>
          <button
            type="button"
            className="icon-button"
            aria-label="Dismiss"
            onClick={() => dismissToast(toast.id)}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
