import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory and those above it, one by one: Node's own `recursive` never returns where the file system answers
 * that what lies above is missing although it is there (below `/proc`, say).
 *
 * @returns whether it was missing.
 * @throws the system's error, with its `code`.
 */
export function makeDirectory(path: string, mode = 0o777): boolean {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const directory of missing.reverse()) {
    try {
      mkdirSync(directory, { mode });
    } catch (error) {
      // Another process was quicker.
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
  return missing.length > 0;
}
