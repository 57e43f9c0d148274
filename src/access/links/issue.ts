import { AppError, DAY_MS } from "../../platform/index.ts";
import type { Access } from "../access.ts";
import type { Actor } from "../audit.ts";
import { recordAudit } from "../trail.ts";
import { type Link, linkState, linkToken, newLinkId, newSigningSecret, parseLinkName } from "./link.ts";
import { countActiveLinks, ensureSigningSecret, insertLink, markLinkRevoked, readLink, readLinks, readSigningSecret } from "./store.ts";

/** Longer, and nobody remembers that there is one. */
export const LINK_DAYS_MAX = 366;
export const LINK_DAYS = 30;
/** A link per reader and period, not one per visit. */
const ACTIVE_MAX = 200;
const SHOWN = 200;

type Store = Pick<Access, "db" | "clock" | "random">;

export interface NewLink {
  readonly page: string;
  readonly name: string;
  /** Checked by the page's own rules before. */
  readonly params: Readonly<Record<string, string>>;
  readonly expiresAt: number;
}

export interface IssuedLink {
  readonly link: Link;
  /** Null when the secret it was signed with is gone. */
  readonly token: string | null;
}

/** Makes a signed link. @throws AppError `invalid` or `conflict`. */
export async function issueLink(store: Store, wanted: NewLink, by: Actor, requestId: string | null): Promise<IssuedLink> {
  const name = parseLinkName(wanted.name);
  const nowMs = store.clock.now();
  if (wanted.expiresAt <= nowMs) throw new AppError("invalid", `expires_at: ${new Date(wanted.expiresAt).toISOString()} has passed; give a time to come`, { code: "link_expiry_passed" });
  if (wanted.expiresAt > nowMs + LINK_DAYS_MAX * DAY_MS) throw new AppError("invalid", `expires_at: a link opens for at most ${LINK_DAYS_MAX} days`, { code: "link_expiry_far" });
  return await store.db.write(async (tx) => {
    await store.db.dialect.lock(tx, "access_link");
    if ((await countActiveLinks(tx, nowMs)) >= ACTIVE_MAX) throw new AppError("conflict", `there are ${ACTIVE_MAX} links that open something; revoke those that nobody uses first`, { code: "too_many_links" });
    const secret = await ensureSigningSecret(tx, newSigningSecret(store.random));
    const link: Link = { id: newLinkId(store.random), page: wanted.page, name, params: wanted.params, createdAt: nowMs, createdBy: by.name, expiresAt: wanted.expiresAt, revokedAt: null, lastUsedAt: null };
    await insertLink(tx, link);
    await recordAudit(tx, { at: nowMs, actor: by, action: "link.create", subject: link.id, detail: { page: link.page, name, params: link.params, expires_at: link.expiresAt }, requestId, outcome: "ok" });
    return { link, token: linkToken(secret, link.page, link.id) };
  });
}

/** Revokes a link: the next request with it is refused, on every node. A second time changes nothing. @throws AppError `not_found`. */
export async function revokeLink(store: Store, id: string, by: Actor, requestId: string | null): Promise<Link> {
  const nowMs = store.clock.now();
  return await store.db.write(async (tx) => {
    const link = await readLink(tx, id);
    if (link === null) throw new AppError("not_found", "there is no link with this id; GET /api/links lists them", { code: "link_unknown" });
    if (linkState(link, nowMs) === "revoked") return link;
    await markLinkRevoked(tx, id, nowMs);
    await recordAudit(tx, { at: nowMs, actor: by, action: "link.revoke", subject: id, detail: { page: link.page, name: link.name }, requestId, outcome: "ok" });
    return { ...link, revokedAt: nowMs };
  });
}

/** The links made last, newest first, each with its token: an admin may read it again. @param page null: of all pages. */
export async function listLinks(store: Pick<Access, "db">, page: string | null): Promise<IssuedLink[]> {
  const secret = await readSigningSecret(store.db.read);
  return (await readLinks(store.db.read, page, SHOWN)).map((link) => ({ link, token: secret === null ? null : linkToken(secret, link.page, link.id) }));
}
