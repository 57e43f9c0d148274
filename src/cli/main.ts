import { enableCompileCache } from "node:module";

// Type stripping and compiling are kept between starts; must stand before the other imports are loaded.
enableCompileCache();
const { run } = await import("./run.ts");
await run(process.argv.slice(2));
