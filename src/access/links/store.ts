import type { Selectable } from "kysely";
import type { Tx } from "../../platform/index.ts";
import type { Link, LinkParams } from "./link.ts";

interface AccessSecretRow {
  name: string;
  /** In hex. */
  secret: string;
}

interface AccessLinkRow {
  id: string;
  page: string;
  name: string;
  /** A JSON object of texts. */
  params: string;
  created_at: number;
  created_by: string;
  expires_at: number;
  revoked_at: number | null;
  last_used_at: number | null;
}

declare module "../../platform/db/tables.ts" {
  interface Tables {
    access_secret: AccessSecretRow;
    access_link: AccessLinkRow;
  }
}

const LINKS = "links";

function fromRow(row: Selectable<AccessLinkRow>): Link {
  return {
    id: row.id,
    page: row.page,
    name: row.name,
    params: JSON.parse(row.params) as LinkParams,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}

/** Null until the first link is made. */
export async function readSigningSecret(tx: Tx): Promise<Buffer | null> {
  const row = await tx.selectFrom("access_secret").select("secret").where("name", "=", LINKS).executeTakeFirst();
  return row === undefined ? null : Buffer.from(row.secret, "hex");
}

/** The secret there is, or this one from now on; one for all nodes. */
export async function ensureSigningSecret(tx: Tx, fresh: Buffer): Promise<Buffer> {
  await tx
    .insertInto("access_secret")
    .values({ name: LINKS, secret: fresh.toString("hex") })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  return (await readSigningSecret(tx)) ?? fresh;
}

export async function insertLink(tx: Tx, link: Link): Promise<void> {
  await tx
    .insertInto("access_link")
    .values({
      id: link.id,
      page: link.page,
      name: link.name,
      params: JSON.stringify(link.params),
      created_at: link.createdAt,
      created_by: link.createdBy,
      expires_at: link.expiresAt,
      revoked_at: link.revokedAt,
      last_used_at: link.lastUsedAt,
    })
    .execute();
}

export async function readLink(tx: Tx, id: string): Promise<Link | null> {
  const row = await tx.selectFrom("access_link").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Newest first. */
export async function readLinks(tx: Tx, page: string | null, limit: number): Promise<Link[]> {
  let query = tx.selectFrom("access_link").selectAll().orderBy("created_at", "desc").orderBy("id").limit(limit);
  if (page !== null) query = query.where("page", "=", page);
  return (await query.execute()).map(fromRow);
}

/** How many of them open something. */
export async function countActiveLinks(tx: Tx, nowMs: number): Promise<number> {
  const row = await tx
    .selectFrom("access_link")
    .select(({ fn }) => fn.countAll<number>().as("links"))
    .where("revoked_at", "is", null)
    .where("expires_at", ">", nowMs)
    .executeTakeFirst();
  return row?.links ?? 0;
}

export async function markLinkRevoked(tx: Tx, id: string, nowMs: number): Promise<void> {
  await tx.updateTable("access_link").set({ revoked_at: nowMs }).where("id", "=", id).where("revoked_at", "is", null).execute();
}

/** Notes a use, at most one write per link and minute. */
export async function markLinkUsed(tx: Tx, id: string, nowMs: number, sinceMs: number): Promise<void> {
  await tx
    .updateTable("access_link")
    .set({ last_used_at: nowMs })
    .where("id", "=", id)
    .where((eb) => eb.or([eb("last_used_at", "is", null), eb("last_used_at", "<", sinceMs)]))
    .execute();
}
