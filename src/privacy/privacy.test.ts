import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { unzipSync } from "fflate";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory } from "../../test/databases.ts";
import { COMMAND_LINE, verifyAudit } from "../access/index.ts";
import { catchUp, DERIVE } from "../app/derive.ts";
import { clearFiles, keepErasures, reapplyErasures } from "../app/privacy.ts";
import { directoryTarget } from "../backup/index.ts";
import { migrations } from "../app/migrations.ts";
import { type Arrival, openAppend, readAfter, readEvent, readHead } from "../ledger/index.ts";
import { rebuild } from "../metrics/index.ts";
import { type Database, virtualClock } from "../platform/index.ts";
import { shopEvents } from "../reports/testing/shop.ts";
import { eraseAgain, eraseSubject, exportSubject, findHeld, parseSubject } from "./index.ts";

const START = Date.UTC(2026, 5, 1, 12);
const EMAIL = "ada.byron+shop@example.org";
const CUSTOMER = "cus_Ada1815Byron00";

type Body = { id: string; type: string; created: number; data: { object: Record<string, unknown> } };

const arrival = (event: object, source: Arrival["source"] = "webhook"): Arrival => {
  const read = readHead(event, START);
  if (read.kind !== "head") throw new Error(read.reason);
  return { kind: "arrival", head: read.head, body: Buffer.from(JSON.stringify(event)), receivedAt: START, source, endpoint: "default" };
};

/** A shop in which one customer is Ada: every payment of the first customer that pays twice, and her own object. */
function events(): Body[] {
  const all = structuredClone(shopEvents(600, START - 3 * 86_400_000, 3)) as unknown as Body[];
  const charges = all.filter(({ type }) => type === "charge.succeeded");
  const hers = new Set(charges.slice(3, 6).map(({ data }) => data.object["payment_intent"]));
  for (const { data: { object } } of all) {
    const intent = object["object"] === "payment_intent" ? object["id"] : object["payment_intent"];
    if (!hers.has(intent)) continue;
    if ("customer" in object) object["customer"] = CUSTOMER;
    if ("receipt_email" in object) object["receipt_email"] = EMAIL;
    if ("billing_details" in object) object["billing_details"] = { address: { city: "London", country: "GB", line1: "12 St James's Square", line2: null, postal_code: "SW1", state: null }, email: EMAIL.toUpperCase(), name: "Ada Byron", phone: "+44 20 7946 0000" };
  }
  const made = { ...charges[0], id: "evt_adascustomer0001", type: "customer.created", data: { object: { id: CUSTOMER, object: "customer", email: EMAIL, name: "Ada Byron", phone: null, metadata: { crm: "Ada, likes engines" }, created: 1, livemode: false } } } as Body;
  // Somebody whose address ends alike is somebody else.
  const other = { ...made, id: "evt_anothercustomer1", data: { object: { ...made.data.object, id: "cus_Another1815000", email: `x${EMAIL}`, name: "Another", metadata: {} } } };
  return [...all.slice(0, 200), made, other, ...all.slice(200)];
}

async function texts(db: Database): Promise<string> {
  const { rows } = await (db.kind === "sqlite" ? sql<{ t: string; c: string }>`select m.name as t, p.name as c from sqlite_master m join pragma_table_info(m.name) p where m.type = 'table' and lower(p.type) in ('text', 'blob')` : sql<{ t: string; c: string }>`select table_name as t, column_name as c from information_schema.columns where table_schema = current_schema() and data_type in ('text', 'bytea')`).execute(db.read);
  let all = "";
  for (const { t, c } of rows) for (const { v } of (await sql<{ v: string | Uint8Array | null }>`select ${sql.ref(c)} as v from ${sql.table(t)}`.execute(db.read)).rows) all += `${typeof v === "string" ? v : v === null ? "" : Buffer.from(v).toString("latin1")}\n`;
  for (let seq = 0; ; ) {
    const page = await readAfter(db.read, seq, 500);
    for (const { body } of page) all += JSON.stringify(body);
    if (page.length === 0) return all.toLowerCase();
    seq = page.at(-1)?.seq ?? 0;
  }
}

async function money(db: Database): Promise<unknown> {
  const payments = await db.read.selectFrom("payment").select(["no", "id", "status", "amount", "captured", "refunded", "customer", "country", "brand", "cause"]).orderBy("no").execute();
  return { payments, figures: await db.read.selectFrom("metric").selectAll().execute() };
}

async function shopOf(db: Database): Promise<Body[]> {
  const all = events();
  const append = openAppend(db);
  for (let at = 0; at < all.length; at += 50) await append(all.slice(at, at + 50).map((event) => arrival(event)));
  await catchUp(db, "UTC", { now: () => START }, Number.MAX_SAFE_INTEGER);
  const operation = { id: "op_1", no: 1, kind: "invoice", state: "confirmed", live: 0, request: JSON.stringify({ kind: "invoice", amount: 50, currency: "usd", email: EMAIL, description: "for Ada", daysUntilDue: 30, send: false }), progress: "{}", stripe_key: "k", request_digest: "d", answer: JSON.stringify({ customer_email: EMAIL, hosted_invoice_url: "https://x" }), note: "Ada called", actor_id: "a", actor_name: "dana", created_at: START, updated_at: START, attempts: 1 };
  await db.write(async (tx) => {
    await sql`insert into operation ${sql`(${sql.join(Object.keys(operation).map((key) => sql.ref(key)))})`} values (${sql.join(Object.values(operation))})`.execute(tx);
    await sql`insert into quarantine (received_at, signature, body, size) values (${START}, 's', ${Buffer.from(JSON.stringify({ id: "evt_q", email: EMAIL }))}, 10)`.execute(tx);
    await tx.insertInto("notice").values({ key: "k", route: "r", reason: "test", status: "firing", severity: "WARNING", title: `of ${EMAIL}, not of x${EMAIL}`, drill: 0, created_at: START, body: "{}" }).execute();
  });
  return all;
}

const options = (db: Database) => ({ db, clock: virtualClock(START), actor: COMMAND_LINE, consumer: DERIVE, onProgress: () => {} });

onBothDatabases("privacy", migrations, (database) => {
  it("gives out what is held of a customer, and takes it out of everything with the ledger's proof and all figures intact", async () => {
    const db = await database.open();
    const all = await shopOf(db);
    const subject = parseSubject(EMAIL.toUpperCase());

    const { zip, counts, held } = await exportSubject(db, subject, START, () => {});
    expect(held.subject).toEqual({ customers: [CUSTOMER], emails: [EMAIL] });
    const files = unzipSync(zip);
    const lines = Buffer.from(files["events.ndjson"] ?? []).toString().trim().split("\n").map((line) => JSON.parse(line) as { event_id: string; body: unknown });
    const naming = all.filter((event) => JSON.stringify(event).toLowerCase().includes(`"${EMAIL}"`));
    expect(naming.length).toBeGreaterThan(3);
    for (const event of naming) expect(lines.find(({ event_id }) => event_id === event.id)?.body).toEqual(event);
    expect(counts).toMatchObject({ events: held.seqs.length, payments: 3, operations: 1 });
    expect(lines.map(({ event_id }) => event_id)).not.toContain("evt_anothercustomer1");

    const before = await money(db);
    const done = await eraseSubject(options(db), subject);
    expect(done).toMatchObject({ payments: 3, operations: 1, quarantined: 1, texts: 1, inTrail: 0, erasure: { state: "done", events: held.seqs.length } });
    const left = (await texts(db)).replaceAll(`x${EMAIL}`, "");
    for (const word of [EMAIL, "ada byron", "7946 0000", "st james", "likes engines", "ada called", "for ada"]) expect([word, left.includes(word)]).toEqual([word, false]);
    expect(left).toContain("another");
    // An address that merely ends alike is another's.
    expect(await db.read.selectFrom("notice").select("title").execute()).toEqual([{ title: `of erased, not of x${EMAIL}` }]);
    expect(await money(db)).toEqual(before);
    expect(await rebuild(db, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
    expect(await verifyAudit(db)).toMatchObject({ kind: "intact" });

    // The proof: whoever has the event as it was can show that it is the one that came.
    const [first] = naming;
    if (first === undefined) throw new Error("none");
    const proof = await db.read.selectFrom("erased_event").select("sha256").where("event_id", "=", first.id).executeTakeFirst();
    expect(proof?.sha256).toBe(createHash("sha256").update(JSON.stringify(first)).digest("hex"));
    const shown = JSON.parse((await readEvent(db.read, first.id))?.raw.toString() ?? "") as Body;
    expect([shown.id, shown.type, shown.created]).toEqual([first.id, first.type, first.created]);
    // An untouched neighbour is byte for byte what it was.
    const untouched = all.find(({ id }) => id === "evt_anothercustomer1");
    expect((await readEvent(db.read, "evt_anothercustomer1"))?.raw.toString()).toBe(JSON.stringify(untouched));

    // Redelivered, or found by a sweep: had already, and nothing of it comes back.
    expect(await openAppend(db)([arrival(first), arrival({ ...first, api_version: "other" }, "sweep")])).toMatchObject([{ kind: "duplicate" }, { kind: "duplicate" }]);
    expect(await db.read.selectFrom("event_variant").selectAll().execute()).toEqual([]);
    // Once more: nothing is left to do.
    expect(await eraseSubject(options(db), subject)).toMatchObject({ erasure: { events: 0 }, payments: 0 });

    if (db.kind === "sqlite") {
      expect(await clearFiles(db, false)).toBe(true);
      const folder = dirname(db.file);
      for (const file of readdirSync(folder)) expect([file, readFileSync(join(folder, file)).toString("latin1").toLowerCase().replaceAll(`x${EMAIL}`, "").includes(EMAIL)]).toEqual([file, false]);
    } else expect(await clearFiles(db, false)).toBe(true);
  });

  it("erases again in a restored database by the ids of events alone; refuses while an operation is under way, and changes nothing", async () => {
    const db = await database.open();
    await shopOf(db);
    await db.write((tx) => tx.updateTable("operation").set({ state: "sending" }).execute());
    await expect(eraseSubject(options(db), parseSubject(CUSTOMER))).rejects.toMatchObject({ code: "operation_under_way" });
    expect(await db.read.selectFrom("erasure").selectAll().execute()).toEqual([]);

    const held = await findHeld(db, parseSubject(CUSTOMER), () => {});
    const ids = (await db.read.selectFrom("event").select("event_id").where("seq", "in", held.seqs).execute()).map(({ event_id }) => event_id);
    expect(await eraseAgain(options(db), ids)).toBe(ids.length);
    expect(await eraseAgain(options(db), ids)).toBe(0);
    expect(await rebuild(db, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
    expect((await db.read.selectFrom("payment").select("email").where("customer", "=", CUSTOMER).execute()).map(({ email }) => email)).toEqual([null, null, null]);
  });

  it("writes down beside the backups what was erased, and takes nothing from what stands there", async () => {
    const target = directoryTarget(temporaryDirectory());
    const db = await database.open();
    await shopOf(db);
    const { erasure } = await eraseSubject(options(db), parseSubject(CUSTOMER));
    expect(await keepErasures(db, [target])).toEqual([]);
    // An installation that erased nobody makes its backups there too.
    const other = await database.open();
    await shopOf(other);
    expect(await keepErasures(other, [target])).toEqual([]);
    expect(await reapplyErasures(other, target, virtualClock(START))).toBe(erasure.events);
  });
});

it("takes only what is a customer", () => {
  for (const wrong of ["", "ada", "pi_123456", "cus_", "a@b", "ada@example.org\n; drop", "<ada@example.org>"]) expect(() => parseSubject(wrong)).toThrow(expect.objectContaining({ code: "customer_invalid" }));
});
