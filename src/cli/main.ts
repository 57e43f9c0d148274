import { keepCompiled } from "../app/compile-cache.ts";

// Before the other imports are loaded, so that they come from the cache.
keepCompiled();
const { run } = await import("./run.ts");
await run(process.argv.slice(2));
