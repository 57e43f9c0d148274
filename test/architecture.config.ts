import { defineConfig } from "vitest/config";

/** The architecture test by itself, without starting a database. */
export default defineConfig({ test: { include: ["test/architecture.test.ts"] } });
