import { keepCompiled } from "./compile-cache.ts";

// The entry of the background thread, which has a compile cache of its own.
keepCompiled();
const { runBackground } = await import("./background-thread.ts");
await runBackground();
