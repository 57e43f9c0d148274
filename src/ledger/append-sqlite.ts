import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SqliteDatabase } from "../platform/index.ts";
import type { Append, AppendBeside, AppendItem, AppendResult, Arrival } from "./append.ts";
import { CODEC, compress, cutIntoBlocks, decompress } from "./blocks.ts";
import { EVENT_FLAG } from "./event.ts";
import { compareBodies, factOf, flagsOf, NO_ENDPOINT, termsOf } from "./known.ts";

/** The statements of the hot path, prepared once: a query builder here costs more than the insert. */
interface Statements {
  findTerm: StatementSync;
  addTerm: StatementSync;
  findEvent: StatementSync;
  addBlock: StatementSync;
  addEvent: StatementSync;
  addDelivery: StatementSync;
  findBlock: StatementSync;
  findVariant: StatementSync;
  addVariant: StatementSync;
  flag: StatementSync;
  arm: StatementSync;
}

function prepare(connection: DatabaseSync): Statements {
  return {
    findTerm: connection.prepare("select id from term where value = ?"),
    addTerm: connection.prepare("insert into term (value) values (?)"),
    findEvent: connection.prepare("select seq, block_id, block_at, size, flags from event where event_id = ?"),
    addBlock: connection.prepare("insert into event_block (codec, raw_size, bytes) values (?, ?, ?)"),
    addEvent: connection.prepare(
      `insert into event (event_id, type_id, received_at, created_at, live, account_id, version_id, source_id, object_id,
        snapshot_event, flags, block_id, block_at, size) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    addDelivery: connection.prepare(
      "insert into delivery (received_at, outcome, endpoint_id, status, event_seq, event_id, event_type, reason, count) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    findBlock: connection.prepare("select bytes from event_block where id = ?"),
    findVariant: connection.prepare("select id from event_variant where event_seq = ? and fact = ?"),
    addVariant: connection.prepare("insert into event_variant (event_seq, received_at, type, bytes, fact) values (?, ?, ?, ?, ?)"),
    flag: connection.prepare("update event set flags = flags | ? where seq = ?"),
    arm: connection.prepare("update event_failure set armed = 1 where event_seq = ?"),
  };
}

type Terms = Map<string, number>;

function internTerms(statements: Statements, items: readonly AppendItem[], known: Terms): Terms {
  const added: Terms = new Map();
  const wanted = new Set(items.flatMap((item) => (item.kind === "arrival" ? termsOf(item) : [item.endpoint])));
  for (const value of wanted) {
    if (known.has(value)) continue;
    const found = statements.findTerm.get(value);
    added.set(value, Number(found === undefined ? statements.addTerm.run(value).lastInsertRowid : found["id"]));
  }
  return added;
}

/** Stores the new events of a batch; answers their positions by event id. */
function insertEvents(statements: Statements, fresh: readonly Arrival[], term: (value: string) => number): Map<string, number> {
  const seqs = new Map<string, number>();
  for (const block of cutIntoBlocks(fresh)) {
    const raw = Buffer.concat(block.map((arrival) => arrival.body));
    const blockId = statements.addBlock.run(CODEC, raw.length, compress(raw)).lastInsertRowid;
    let at = 0;
    for (const arrival of block) {
      const { head } = arrival;
      const { lastInsertRowid } = statements.addEvent.run(
        head.eventId,
        term(head.type),
        arrival.receivedAt,
        head.createdAt,
        head.live ? 1 : 0,
        head.account === null ? null : term(head.account),
        head.apiVersion === null ? null : term(head.apiVersion),
        term(arrival.source),
        head.objectId,
        head.snapshotEvent,
        flagsOf(arrival),
        blockId,
        at,
        arrival.body.length,
      );
      seqs.set(head.eventId, Number(lastInsertRowid));
      at += arrival.body.length;
    }
  }
  return seqs;
}

interface Stored {
  seq: number;
  block_id: number;
  block_at: number;
  size: number;
  flags: number;
}

function storedEvent(statements: Statements, eventId: string): Stored | undefined {
  return statements.findEvent.get(eventId) as Stored | undefined;
}

/** What to do with an id we have: compare contents, keep what differs, arm processing that failed. */
function meetAgain(statements: Statements, arrival: Arrival, stored: Stored): AppendResult {
  statements.arm.run(stored.seq);
  // Of what was erased nothing comes back: there is nothing left to compare with, and nothing more to be kept.
  if ((stored.flags & EVENT_FLAG.erased) !== 0) return { kind: "duplicate", seq: stored.seq };
  const block = statements.findBlock.get(stored.block_id);
  if (block === undefined) throw new Error(`the block ${stored.block_id} is missing`);
  const body = decompress(block["bytes"] as Uint8Array).subarray(stored.block_at, stored.block_at + stored.size);
  if (compareBodies(body, arrival.body) === "same") return { kind: "duplicate", seq: stored.seq };
  const fact = factOf(arrival.body);
  if (statements.findVariant.get(stored.seq, fact) === undefined) {
    statements.addVariant.run(stored.seq, arrival.receivedAt, arrival.head.type, compress(arrival.body), fact);
    statements.flag.run(EVENT_FLAG.variant, stored.seq);
  }
  return { kind: "variant", seq: stored.seq };
}

function appendBatch(statements: Statements, items: readonly AppendItem[], term: (value: string) => number): AppendResult[] {
  const known = new Map<string, Stored>();
  const fresh = new Map<string, Arrival>();
  for (const item of items) {
    if (item.kind !== "arrival" || known.has(item.head.eventId) || fresh.has(item.head.eventId)) continue;
    const stored = storedEvent(statements, item.head.eventId);
    if (stored === undefined) fresh.set(item.head.eventId, item);
    else known.set(item.head.eventId, stored);
  }
  const seqs = insertEvents(statements, [...fresh.values()], term);
  return items.map((item): AppendResult => {
    if (item.kind === "refusal") {
      statements.addDelivery.run(item.receivedAt, item.outcome, term(item.endpoint), item.status, null, item.eventId, item.eventType, item.reason, item.count);
      return { kind: "recorded" };
    }
    const { eventId } = item.head;
    const seq = seqs.get(eventId);
    const first = fresh.get(eventId) === item && seq !== undefined;
    const stored = first ? undefined : (known.get(eventId) ?? storedEvent(statements, eventId));
    if (!first && stored === undefined) throw new Error(`event ${eventId} vanished inside its own transaction`);
    const result: AppendResult = stored === undefined ? { kind: "accepted", seq: seq ?? 0 } : meetAgain(statements, item, stored);
    if (item.endpoint !== NO_ENDPOINT) {
      statements.addDelivery.run(item.receivedAt, result.kind, term(item.endpoint), 200, result.kind === "recorded" ? null : result.seq, null, null, null, 1);
    }
    return result;
  });
}

export function sqliteAppender(db: SqliteDatabase): { append: Append; appendBeside: AppendBeside } {
  let prepared: Statements | null = null;
  const terms: Terms = new Map();
  const run = (connection: DatabaseSync, items: readonly AppendItem[]): { results: AppendResult[]; added: Terms } => {
    prepared ??= prepare(connection);
    const added = internTerms(prepared, items, terms);
    return { results: appendBatch(prepared, items, (value) => terms.get(value) ?? added.get(value) ?? missing(value)), added };
  };
  // Only after the commit: a rolled-back transaction takes its terms with it.
  const learn = ({ results, added }: ReturnType<typeof run>): readonly AppendResult[] => {
    for (const [value, id] of added) terms.set(value, id);
    return results;
  };
  return {
    append: async (items) => learn(await db.exclusive((connection) => run(connection, items))),
    appendBeside: async (items, beside) =>
      learn(
        await db.writeBeside(async (tx, connection) => {
          const done = run(connection, items);
          await beside(tx, done.results);
          return done;
        }),
      ),
  };
}

function missing(value: string): never {
  throw new Error(`term not interned: ${value}`);
}
