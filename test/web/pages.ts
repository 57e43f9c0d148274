import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PAGES = join(import.meta.dirname, "..", "..", "web", "src", "pages");

/** The addresses of the dashboard's pages, from the files its router finds them in: a new page is in every table by itself. */
export function pagePaths(): string[] {
  return readdirSync(PAGES).toSorted().flatMap((folder) => {
    const file = join(PAGES, folder, "page.ts");
    const paths = [...readFileSync(file, "utf8").matchAll(/\bpath: "(\/[^"]*)"/g)].map(([, path]) => path ?? "");
    if (paths.length === 0) throw new Error(`${file} names no path`);
    return paths;
  });
}
