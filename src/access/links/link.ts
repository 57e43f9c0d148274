import { createHmac } from "node:crypto";
import { AppError } from "../../platform/index.ts";
import { type Random, sameDigest } from "../key.ts";

/** What a page is shown with, fixed when the link was made: who follows a link cannot ask for more. */
export type LinkParams = Readonly<Record<string, string>>;

/** A signed address of one page for people without a key. Times in ms UTC. */
export interface Link {
  readonly id: string;
  /** Name of the page that it opens, and nothing else. */
  readonly page: string;
  /** What it is for, in words. */
  readonly name: string;
  readonly params: LinkParams;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
}

export type LinkState = "active" | "revoked" | "expired";

export function linkState(link: Pick<Link, "revokedAt" | "expiresAt">, nowMs: number): LinkState {
  if (link.revokedAt !== null) return "revoked";
  return link.expiresAt <= nowMs ? "expired" : "active";
}

const ID_BYTES = 8;
const SECRET_BYTES = 32;
const TOKEN = /^twl_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export function newLinkId(random: Random): string {
  return random(ID_BYTES).toString("hex");
}

export function newSigningSecret(random: Random): Buffer {
  return random(SECRET_BYTES);
}

/** HMAC-SHA256 over page and id, as a JSON array so that no two of them have one text. Never change it: links would die. */
function signature(secret: Buffer, page: string, id: string): Buffer {
  return createHmac("sha256", secret).update(JSON.stringify(["tillwatch link", page, id])).digest();
}

/** `twl_<id>_<signature>`, the value of the parameter `link`. Whoever has it is let in, so it is a secret until it expires. */
export function linkToken(secret: Buffer, page: string, id: string): string {
  return `twl_${id}_${signature(secret, page, id).toString("base64url")}`;
}

/** The id in a token that was signed with this secret for this page; null for any other text. Asks no database. */
export function openToken(secret: Buffer, page: string, token: string): string | null {
  const [, id, mac] = TOKEN.exec(token) ?? [];
  if (id === undefined || mac === undefined) return null;
  return sameDigest(Buffer.from(mac, "base64url"), signature(secret, page, id)) ? id : null;
}

const NAME_LENGTH_MAX = 100;

/** @throws AppError `invalid`. */
export function parseLinkName(given: string): string {
  const name = given.trim();
  if (name.length === 0 || name.length > NAME_LENGTH_MAX || /[\p{C}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new AppError("invalid", `name: must have 1 to ${NAME_LENGTH_MAX} visible characters that say who the link is for`, { code: "link_name_invalid" });
  }
  return name;
}
