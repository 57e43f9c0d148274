import * as fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import type { Database } from "../platform/index.ts";
import { type AuditEntry, auditHash, auditRow } from "./audit.ts";
import { accessMigrations, recordAudit, verifyAudit } from "./index.ts";

const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({ at: 1, actor: { keyId: "k1", name: "anna" }, action: "key.create", subject: "s", requestId: "r-1", outcome: "ok", ...more });

/** Does what somebody does who can write to the database and means it. */
async function tamper(db: Database, statement: string): Promise<void> {
  const unlock = db.kind === "sqlite" ? ["drop trigger audit_no_update", "drop trigger audit_no_delete"] : ["alter table audit disable trigger all"];
  await db.write(async (tx) => {
    for (const text of [...unlock, statement]) await sql.raw(text).execute(tx);
  });
}

onBothDatabases("audit trail", accessMigrations, (database) => {
  const withRows = async (count: number) => {
    const db = await database.open();
    for (let i = 1; i <= count; i += 1) await db.write((tx) => recordAudit(tx, entry({ subject: `s${i}` })));
    return db;
  };

  it("is intact when nobody touched it, also when it is empty or longer than a page", async () => {
    const empty = await database.open();
    expect(await verifyAudit(empty)).toEqual({ kind: "intact", head: { id: 0, hash: "" } });
    const db = await database.open();
    await db.write(async (tx) => {
      for (let i = 0; i < 1001; i += 1) await recordAudit(tx, entry({ subject: `s${i}` }));
    });
    expect(await verifyAudit(db)).toMatchObject({ kind: "intact", head: { id: 1001 } });
  });

  it.each([
    ["a changed column", "update audit set outcome = 'failed' where id = 2", { kind: "changed", id: 2 }],
    ["a changed time", "update audit set at = at + 1 where id = 3", { kind: "changed", id: 3 }],
    ["a changed hash", "update audit set hash = 'x' where id = 2", { kind: "changed", id: 2 }],
    ["a row removed from the middle", "delete from audit where id = 2", { kind: "missing", id: 2 }],
    ["the first row removed", "delete from audit where id = 1", { kind: "missing", id: 1 }],
    ["the last row removed", "delete from audit where id = 4", { kind: "missing", id: 4 }],
    ["all rows removed", "delete from audit", { kind: "missing", id: 1 }],
    ["a row put in", "insert into audit select 5, at, actor_id, actor_name, action, subject, detail, request_id, outcome, hash from audit where id = 4", { kind: "unexpected", id: 5 }],
    ["the head moved back", "update audit_head set id = 3, hash = (select hash from audit where id = 3)", { kind: "unexpected", id: 4 }],
  ])("shows %s", async (_what, statement, verdict) => {
    const db = await withRows(4);
    await tamper(db, statement);
    expect(await verifyAudit(db)).toMatchObject(verdict);
  });

  it("shows a chain that was written anew, by a mark noted elsewhere", async () => {
    const db = await withRows(3);
    const verdict = await verifyAudit(db);
    if (verdict.kind !== "intact") throw new Error(verdict.text);
    expect(await verifyAudit(db, verdict.head)).toEqual(verdict);
    await tamper(db, "delete from audit");
    await tamperHead(db);
    for (let i = 1; i <= 3; i += 1) await db.write((tx) => recordAudit(tx, entry({ subject: `other${i}` })));
    expect((await verifyAudit(db)).kind).toBe("intact");
    expect(await verifyAudit(db, verdict.head)).toMatchObject({ kind: "changed", id: 3 });
    expect(await verifyAudit(db, { id: 9, hash: "x" })).toMatchObject({ kind: "missing", id: 4 });
  });

  const tamperHead = (db: Database) => db.write((tx) => tx.updateTable("audit_head").set({ id: 0, hash: "" }).execute());

  it("refuses to change or delete a row by accident", async () => {
    const db = await withRows(1);
    await expect(db.write((tx) => tx.updateTable("audit").set({ action: "x" }).execute())).rejects.toThrow("append-only");
    await expect(db.write((tx) => tx.deleteFrom("audit").execute())).rejects.toThrow("append-only");
    expect(await verifyAudit(db)).toMatchObject({ kind: "intact", head: { id: 1 } });
  });

  it("forgets the entry with the change that was rolled back, and leaves no gap", async () => {
    const db = await withRows(1);
    const failing = db.write(async (tx) => {
      await recordAudit(tx, entry({ subject: "undone" }));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await db.write((tx) => recordAudit(tx, entry({ subject: "s2" })));
    expect(await db.read.selectFrom("audit").select(["id", "subject"]).orderBy("id").execute()).toEqual([
      { id: 1, subject: "s1" },
      { id: 2, subject: "s2" },
    ]);
    expect((await verifyAudit(db)).kind).toBe("intact");
  });

  it("stays one chain under writers at once", async () => {
    const db = await database.open();
    await Promise.all(Array.from({ length: 20 }, (_, i) => db.write((tx) => recordAudit(tx, entry({ subject: `s${i}` })))));
    expect(await verifyAudit(db)).toMatchObject({ kind: "intact", head: { id: 20 } });
  });

  it("stores no secret and no endless detail, whoever puts one in", async () => {
    const db = await database.open();
    const secret = "sk_live_51Habcdefgh0123456789";
    await db.write((tx) => recordAudit(tx, entry({ subject: secret, actor: { keyId: "k", name: `anna ${secret}` }, detail: { note: `used ${secret}`, nested: { api_token: "hunter2" } } })));
    await db.write((tx) => recordAudit(tx, entry({ detail: { note: "x".repeat(20_000) } })));
    const rows = await db.read.selectFrom("audit").selectAll().orderBy("id").execute();
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.parse(rows[0]?.detail ?? "")).toEqual({ note: "used sk_live_***", nested: { api_token: "***" } });
    expect(JSON.parse(rows[1]?.detail ?? "")).toEqual({ omitted: "the detail had 20011 bytes; at most 16384 are kept" });
    expect((await verifyAudit(db)).kind).toBe("intact");
  });
});

onBothDatabases("audit trail", accessMigrations, (database) => {
  it("can store and check any text: NUL, lone surrogates, what is cut in the middle of a sign", async () => {
    const db = await database.open();
    const odd = fc.oneof(fc.string({ unit: "binary", maxLength: 10 }), fc.constantFrom("\u0000", "\ud800", `${"x".repeat(299)}😀`, '"\\'));
    const rows = fc.record({ action: odd, subject: odd, requestId: fc.option(odd), actor: fc.record({ keyId: odd, name: odd }), detail: fc.dictionary(odd, fc.oneof(odd, fc.bigInt()), { maxKeys: 2 }) });
    await fc.assert(
      fc.asyncProperty(rows, async (row) => {
        await db.write((tx) => recordAudit(tx, entry(row)));
      }),
      { numRuns: 60 },
    );
    expect(await verifyAudit(db)).toMatchObject({ kind: "intact", head: { id: 60 } });
    for (const { detail } of await db.read.selectFrom("audit").select("detail").execute()) expect(JSON.parse(detail)).toBeTypeOf("object");
  });
});

describe("the hash of an audit row", () => {
  const text = fc.string({ maxLength: 20 });
  const entries = fc.record({
    at: fc.nat(),
    actor: fc.record({ keyId: text, name: text }),
    action: text,
    subject: text,
    detail: fc.dictionary(text, text, { maxKeys: 3 }),
    requestId: fc.option(text),
    outcome: fc.constantFrom("ok" as const, "refused" as const, "failed" as const),
  });

  it("is another one for every other row: no two of them have one text", () => {
    fc.assert(
      fc.property(entries, entries, fc.nat(5), fc.nat(5), (one, other, id, otherId) => {
        const [left, right] = [auditRow(id, "", one), auditRow(otherId, "", other)];
        const { hash: leftHash, ...leftColumns } = left;
        const { hash: rightHash, ...rightColumns } = right;
        return (leftHash === rightHash) === (JSON.stringify(leftColumns) === JSON.stringify(rightColumns));
      }),
    );
  });

  it("does not change from version to version: a stored chain must stay valid", () => {
    const row = auditRow(1, "", entry({ detail: { role: "viewer" } }));
    expect(row.hash).toBe(auditHash("", row));
    expect(row.hash).toBe("2525de2a51413fe77b7dc7fd3f43b80ebb59c60af33ac90e35bf3eff87174522");
  });
});
