import { readFileSync } from "node:fs";

function readVersion(): string {
  // Beside src/ in a clone, two above dist/src/ in the published package.
  for (const place of ["../../package.json", "../../../package.json"]) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as { name?: string; version?: string };
      if (name === "tillwatch" && version !== undefined) return version;
    } catch {
      // Looked for at the next place.
    }
  }
  return "unknown";
}

export const VERSION = readVersion();
