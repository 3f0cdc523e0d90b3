import { defineConfig } from "vite";

/** Built files go where Flask serves them; the manifest tells it their hashed names. */
export default defineConfig({
  base: "/static/dist/",
  // The checker's thread is a module, as the page is.
  worker: { format: "es" },
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // Inlined assets would be data: URLs, which the page's policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/main.tsx" },
  },
});
