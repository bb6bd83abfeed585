import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// One script and one stylesheet under fixed names: the bundle is committed, so two builds of the
// same source must give the same bytes.
export default defineConfig({
  base: "/",
  plugins: [react()],
  resolve: {
    // The library's emoji table is never asked: the page has its own, with Slack's names.
    alias: { "node-emoji": "/src/text/nodeEmoji.ts" },
  },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: "assets/page.js",
        assetFileNames: "assets/page[extname]",
      },
    },
  },
  // `npm run dev` beside a running `deskhand demo`.
  server: { proxy: { "/local": "http://127.0.0.1:3000" } },
});
