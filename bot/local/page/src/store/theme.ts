import { createStore } from "./store";

export type Theme = "light" | "dark";

const KEY = "deskhand.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

const chosen = (): Theme | null => {
  const stored = window.localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : null;
};

const effective = (): Theme => chosen() ?? (system.matches ? "dark" : "light");

const store = createStore<{ theme: Theme }>({ theme: effective() });

function show(): void {
  const theme = effective();
  document.documentElement.dataset["theme"] = theme;
  store.set({ theme });
}

/** Follows the system until the person chooses. */
export function watchTheme(): void {
  show();
  system.addEventListener("change", show);
}

export function toggleTheme(): void {
  window.localStorage.setItem(KEY, effective() === "dark" ? "light" : "dark");
  show();
}

export const useTheme = (): Theme => store.use((state) => state.theme);
