import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../test/databases.ts";
import { accessMigrations, createAccess } from "../access/index.ts";
import { virtualClock } from "../platform/index.ts";
import { auditCommand } from "./audit.ts";
import type { CliContext } from "./context.ts";
import { keysCommand } from "./keys.ts";
import { table } from "./table.ts";

const START = Date.UTC(2026, 0, 1);

/** Runs commands against one database, as one shell after another would. */
async function shell(database: TestDatabase) {
  const db = await database.open();
  const printed: string[] = [];
  const codes: number[] = [];
  let closed = 0;
  const context: CliContext = {
    clock: virtualClock(START),
    // The database of the test outlives the command.
    openDatabase: async () => ({ ...db, close: async () => void (closed += 1) }),
    print: (text) => void printed.push(text),
    setExitCode: (code) => void codes.push(code),
  };
  const run = async (make: (context: CliContext) => Command, ...argv: string[]): Promise<string> => {
    const command = make(context);
    for (const part of [command, ...command.commands]) part.exitOverride().configureOutput({ writeOut: (text) => void printed.push(text), writeErr: () => {} });
    printed.length = 0;
    await command.parseAsync(argv, { from: "user" });
    return printed.join("\n");
  };
  return { db, run, codes, context, opened: () => closed };
}

onBothDatabases("command line", accessMigrations, (database) => {
  it("makes a key that opens the door, lists and revokes it", async () => {
    const { db, run, context, opened } = await shell(database);
    const made = JSON.parse(await run(keysCommand, "create", "anna", "--role", "operator", "--expires-in", "2", "--json")) as { key: string; data: { id: string } };
    expect(made).toMatchObject({ ok: true, key: expect.stringMatching(/^tw_/), data: { name: "anna", role: "operator", state: "active", created_by: "command line", expires_at: "2026-01-03T00:00:00Z" } });
    const access = createAccess({ db, clock: context.clock, dashboardKey: null });
    expect((await access.verify(made.key, "a")).kind).toBe("known");
    await access.idle();
    expect(JSON.parse(await run(keysCommand, "list", "--json"))).toMatchObject({ ok: true, count: 1, data: [{ id: made.data.id, name: "anna" }] });
    expect(JSON.parse(await run(keysCommand, "revoke", made.data.id, "--json"))).toMatchObject({ ok: true, data: { state: "revoked" } });
    expect(await run(keysCommand, "list")).toMatch(/anna +operator +revoked/);
    expect(opened()).toBe(4);
  });

  it("shows a key once, on a line of its own, and nowhere else", async () => {
    const { run } = await shell(database);
    const [key = ""] = (await run(keysCommand, "create", "anna", "--role", "admin")).split("\n");
    expect(key).toMatch(/^tw_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const rest = [await run(keysCommand, "list"), await run(keysCommand, "list", "--json"), await run(auditCommand, "list"), await run(auditCommand, "list", "--json")].join("\n");
    expect(rest).toContain("anna");
    expect(rest).not.toContain(key.slice(16));
  });

  it("keeps the last admin key but for --force", async () => {
    const { run, opened } = await shell(database);
    const { data } = JSON.parse(await run(keysCommand, "create", "anna", "--role", "admin", "--json")) as { data: { id: string } };
    await expect(run(keysCommand, "revoke", data.id)).rejects.toMatchObject({ code: "last_admin_key" });
    expect(opened()).toBe(2);
    expect(await run(keysCommand, "revoke", data.id, "--force")).toBe('Revoked the key of "anna" (admin).');
  });

  it.each([
    ["a role that is none", ["create", "anna", "--role", "root"]],
    ["no role", ["create", "anna"]],
    ["no name", ["create", "--role", "viewer"]],
    ["no number of days", ["create", "anna", "--role", "viewer", "--expires-in", "soon"]],
    ["no days at all", ["create", "anna", "--role", "viewer", "--expires-in", "0"]],
    ["an unknown option", ["list", "--all"]],
  ])("refuses %s before it opens the database", async (_what, argv) => {
    const { run, opened } = await shell(database);
    await expect(run(keysCommand, ...argv)).rejects.toMatchObject({ exitCode: 1 });
    expect(opened()).toBe(0);
  });

  it("reads and checks the audit trail; exit 1 when it is broken", async () => {
    const { db, run, codes } = await shell(database);
    for (const name of ["anna", "bob"]) await run(keysCommand, "create", name, "--role", "viewer");
    expect(JSON.parse(await run(auditCommand, "list", "--limit", "1", "--json"))).toMatchObject({ count: 1, data: [{ action: "key.create", actor: "command line", detail: { name: "bob" } }], next_cursor: "2" });
    expect(await run(auditCommand, "list", "--action", "key.revoke")).not.toContain("key.create");
    const intact = JSON.parse(await run(auditCommand, "verify", "--json")) as { head: { hash: string } };
    expect(intact).toMatchObject({ ok: true, kind: "intact", head: { id: 2 } });
    expect(await run(auditCommand, "verify", "--known", `2:${intact.head.hash}`)).toContain("intact: 2 rows");
    expect(codes).toEqual([]);
    expect(await run(auditCommand, "verify", "--known", `2:${"0".repeat(64)}`)).toBe("The audit trail is broken at row 2: row 2 does not have the hash that was noted.");
    await db.write((tx) => tx.updateTable("audit_head").set({ id: 3 }).execute());
    expect(JSON.parse(await run(auditCommand, "verify", "--json"))).toEqual({ ok: false, kind: "missing", id: 3, text: "row 3 is missing" });
    expect(codes).toEqual([1, 1]);
    await expect(run(auditCommand, "verify", "--known", "2")).rejects.toMatchObject({ exitCode: 1 });
  });
});

describe("--help", () => {
  const context: CliContext = { openDatabase: () => Promise.reject(new Error("not for help")), clock: virtualClock(0), print: () => {}, setExitCode: () => {} };
  const commands = [keysCommand, auditCommand].flatMap((make) => [make(context), ...make(context).commands]);

  it.each(commands.map((command) => [command.name(), command] as const))("of %s holds an example", async (_name, command) => {
    let text = "";
    command.exitOverride().configureOutput({ writeOut: (part) => void (text += part) });
    await expect(command.parseAsync(["--help"], { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
    expect(text).toMatch(/Example:\n {2}\$ tillwatch (keys|audit) /);
  });
});

describe("a table", () => {
  it("has columns as wide as they must be, and sends nothing strange to the terminal", () => {
    expect(table(["A", "LONG"], [["wide cell", 1], ["\u001b[2J", null]])).toBe("A          LONG\nwide cell  1\n?[2J       -");
  });
});
