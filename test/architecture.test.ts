import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";

/**
 * The rule of imports: which rooms of `src/` a room may enter, always by the other's `index.ts`. This table is the
 * architecture; change it first, with the reason in docs/decisions.md.
 */
const MAY_IMPORT: Record<string, readonly string[] | "all"> = {
  platform: [],
  money: [],
  access: ["platform"],
  stripe: ["platform", "money"],
  ledger: ["platform"],
  ingest: ["platform", "money", "stripe", "ledger"],
  payments: ["platform", "money", "ledger"],
  metrics: ["platform", "money", "ledger", "payments"],
  oncall: ["platform"],
  notify: ["platform", "money", "oncall"],
  slo: ["platform", "metrics"],
  alerts: ["platform", "money", "ledger", "metrics", "slo", "notify"],
  operations: ["platform", "money", "access", "stripe", "ledger", "payments", "notify"],
  reconcile: ["platform", "money", "stripe", "ledger", "payments"],
  pricing: ["platform", "money", "access", "stripe", "ledger", "payments", "notify"],
  tasks: ["platform"],
  backup: ["platform", "ledger"],
  privacy: ["platform", "access", "ledger", "payments", "operations"],
  health: ["platform"],
  reports: ["platform", "money", "access", "ingest", "payments", "metrics", "slo", "alerts", "operations", "tasks", "backup", "notify"],
  app: "all",
  cli: "all",
};

/** A library that only one room may name. */
const ONLY_IN: Record<string, string> = { stripe: "stripe", pg: "platform", fastify: "platform", croner: "tasks", nodemailer: "platform", "@aws-sdk": "backup" };

const FORBIDDEN_NAMES = /^(utils?|helpers?|common|types?|manager|service)\.ts$/;

const root = resolve(import.meta.dirname, "..");
const source = join(root, "src");

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const { module } = parseSync(file, readFileSync(file, "utf8"));
  const found: Import[] = [];
  for (const { moduleRequest, entries } of module.staticImports) {
    found.push({ from: file, to: moduleRequest.value, typeOnly: entries.length > 0 && entries.every((entry) => entry.isType) });
  }
  for (const { entries } of module.staticExports) {
    for (const entry of entries) if (entry.moduleRequest) found.push({ from: file, to: entry.moduleRequest.value, typeOnly: entry.isType });
  }
  const text = readFileSync(file, "utf8");
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^["'](.+)["']$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[1] !== undefined) found.push({ from: file, to: literal[1], typeOnly: false });
  }
  return found;
}

function roomOf(file: string): string {
  return relative(source, file).split("/")[0] ?? "";
}

const files = filesBelow(source);
const isTest = (file: string): boolean => file.endsWith(".test.ts") || file.includes("/testing/");
const imports = files.filter((file) => !isTest(file)).flatMap(importsOf);
const inside = imports
  .filter(({ to }) => to.startsWith("."))
  .map(({ from, to, typeOnly }) => ({ from, to: resolve(dirname(from), to), typeOnly }));
const name = (file: string): string => relative(root, file);

describe("architecture", () => {
  it("knows every room", () => {
    const rooms = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rooms.map((room) => room.name).filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it("lets a room import only what the table allows, by its door", () => {
    const broken: string[] = [];
    for (const { from, to } of inside) {
      if (!to.startsWith(source)) {
        broken.push(`${name(from)} imports ${name(to)}, outside src/: the product stands on src/ alone`);
        continue;
      }
      const [room, other] = [roomOf(from), roomOf(to)];
      if (room === other) continue;
      const allowed = MAY_IMPORT[room];
      if (allowed !== "all" && !allowed?.includes(other)) {
        broken.push(`${name(from)} imports ${name(to)}: "${room}" may import ${allowed?.join(", ") || "nothing"}, not "${other}"`);
      } else if (allowed !== "all" && !to.endsWith(`${other}/index.ts`)) {
        broken.push(`${name(from)} imports ${name(to)}: enter "${other}" by its door, src/${other}/index.ts`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("has no cycle of imports", () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, typeOnly } of inside) if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
    const cycles: string[] = [];
    const done = new Set<string>();
    const walk = (file: string, path: string[]): void => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].map(name).join(" → "));
        return;
      }
      if (done.has(file)) return;
      for (const next of edges.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of edges.keys()) walk(file, []);
    expect(cycles).toEqual([]);
  });

  it("keeps a library where it belongs", () => {
    const broken = imports
      .filter(({ from, to, typeOnly }) => {
        const room = ONLY_IN[to.split("/")[0] ?? ""];
        return room !== undefined && !typeOnly && roomOf(from) !== room && roomOf(from) !== "app";
      })
      .map(({ from, to }) => `${name(from)} imports "${to}": only src/${ONLY_IN[to.split("/")[0] ?? ""]} may`);
    expect(broken).toEqual([]);
  });

  it("gives every room a door that says what the room is", () => {
    const rooms = [...new Set(files.map(roomOf))].filter((room) => room !== "cli" && room !== "app");
    const broken = rooms.filter((room) => {
      const door = files.find((file) => file === join(source, room, "index.ts"));
      return door === undefined || !readFileSync(door, "utf8").startsWith("/**");
    });
    expect(broken, "rooms without an index.ts that begins with a sentence").toEqual([]);
  });

  it("has no drawer for everything", () => {
    const all = [...files, ...filesBelow(join(root, "sandbox")).filter((file) => !file.includes("node_modules"))];
    expect(all.filter((file) => FORBIDDEN_NAMES.test(file.split("/").at(-1) ?? "")).map(name)).toEqual([]);
  });

  it("has no file past 300 lines that does not say why", () => {
    const long = files.filter((file) => {
      const text = readFileSync(file, "utf8");
      return text.split("\n").length > 301 && !text.includes("Long because");
    });
    expect(long.map(name)).toEqual([]);
  });
});
