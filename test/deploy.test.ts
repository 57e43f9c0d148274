import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const published = JSON.parse(read("package.json")) as { files: string[]; version: string; dependencies: Record<string, string> };
const dockerfile = read("deploy/Dockerfile");

it("copies into the image only what is there, on the Node.js that the package brings", () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources?.split(" ") ?? []);
  expect(copied.length).toBeGreaterThan(8);
  expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  for (const [, version] of dockerfile.matchAll(/^FROM node:([\d.]+)-/gm)) expect(version).toBe(published.dependencies["node"]);
});

it("publishes what the service runs on, and nothing of its tests", () => {
  expect(published.files.filter((path) => !["dist", "web/dist"].includes(path) && !existsSync(join(ROOT, path)))).toEqual([]);
  expect(published.files).not.toContain("src");
  // The sandbox goes along compiled, so what it needs must be the package's own dependency, in the same version.
  const { dependencies } = JSON.parse(read("sandbox/package.json")) as { dependencies: Record<string, string> };
  expect(published.dependencies).toMatchObject(dependencies);
});

it("starts the same command from the image and from systemd, in places that only the service may read", () => {
  expect(dockerfile).toContain('ENTRYPOINT ["/app/node_modules/.bin/tillwatch"]');
  expect(dockerfile).toMatch(/^USER tillwatch$/m);
  const unit = read("deploy/tillwatch.service");
  expect(unit).toContain("ExecStart=/opt/tillwatch/node_modules/.bin/tillwatch serve");
  for (const setting of ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectoryMode=0700"]) expect(unit).toContain(`\n${setting}\n`);
});
