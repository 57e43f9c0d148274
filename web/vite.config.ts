import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Writes `.br` and `.gz` beside what compresses, once at build time, so that serving costs nothing. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    closeBundle: () => {
      const folder = join(import.meta.dirname, "dist");
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|svg|json|txt)$/.test(entry.name)) continue;
        const file = join(entry.parentPath, entry.name);
        const bytes = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwind(), precompress()],
  build: {
    target: "es2024",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // The page's policy allows no data: addresses, and a style that the script made would be refused.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
  // `npm run dev` beside a running service.
  server: { proxy: { "/api": process.env["TILLWATCH_URL"] ?? "http://127.0.0.1:5000" } },
});
