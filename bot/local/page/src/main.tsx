import { createRoot } from "react-dom/client";
import "slack-blocks-to-jsx/dist/style.css";
import "./styles/index.css";
import { App } from "./App";
import { start } from "./store/session";
import { watchTheme } from "./store/theme";

watchTheme();
void start();

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
