import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/databases.ts";
import { parseInstant } from "./clock.ts";
import { makeDirectory } from "./directory.ts";

it("makes a directory with those above it, once", () => {
  const path = join(temporaryDirectory(), "a", "b", "c");
  expect(makeDirectory(path, 0o700)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(makeDirectory(path)).toBe(false);
});

it("says what is in the way, where Node's own would never return", () => {
  expect(() => makeDirectory("/proc/x/data")).toThrow(/ENOENT/);
  const file = join(temporaryDirectory(), "file");
  writeFileSync(file, "");
  expect(() => makeDirectory(join(file, "below"))).toThrow(/ENOTDIR/);
});

it.each([
  ["2026-02-28T23:59:59Z", Date.UTC(2026, 1, 28, 23, 59, 59)],
  ["2024-02-29T00:00:00.5+01:00", Date.UTC(2024, 1, 28, 23, 0, 0, 500)],
  ["2026-02-30T00:00:00Z", null],
  ["2025-02-29T00:00:00Z", null],
  ["2026-04-31T00:00:00+02:00", null],
  ["2026-13-01T00:00:00Z", null],
  ["2026-01-01T24:30:00Z", null],
  ["2026-01-01T00:00:00", null],
  ["2026-01-01", null],
  ["yesterday", null],
])("reads %s as the instant it is, or as none", (text, ms) => {
  expect(parseInstant(text)).toBe(ms);
});
