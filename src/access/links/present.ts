import { z } from "zod";
import { isoSeconds } from "../../platform/index.ts";
import type { IssuedLink } from "./issue.ts";
import { linkState } from "./link.ts";

/** A signed link as the API and `--json` show it. */
export const LINK_SHAPE = z.object({
  id: z.string(),
  page: z.string(),
  name: z.string(),
  params: z.record(z.string(), z.string()).describe("What the page is shown with; who follows the link cannot change it"),
  state: z.enum(["active", "revoked", "expired"]),
  url: z.string().nullable().describe("Path and query; with server.public_url set, the whole address. Null when it opens nothing any more"),
  created_at: z.string(),
  created_by: z.string(),
  expires_at: z.string(),
  revoked_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
});
type ShownLink = z.infer<typeof LINK_SHAPE>;

/** Where a page is. */
export interface LinkPage {
  /** Path of the page, e.g. `/api/reports/enterprise/html`. */
  readonly path: string;
  /** One line in words. */
  readonly title: string;
  /** Checks what the page may be fixed to. @throws AppError `invalid`. */
  checkParams(params: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

/** The pages that a link may open, by name, and the address that people reach us under. */
export interface LinkPages {
  readonly pages: Readonly<Record<string, LinkPage>>;
  /** `server.public_url`; null: paths alone are shown. */
  readonly publicUrl: string | null;
}

const time = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));

export function showLink({ link, token }: IssuedLink, { pages, publicUrl }: LinkPages, nowMs: number): ShownLink {
  const state = linkState(link, nowMs);
  const page = pages[link.page];
  const url = state === "active" && token !== null && page !== undefined ? `${publicUrl?.replace(/\/+$/, "") ?? ""}${page.path}?link=${token}` : null;
  return {
    id: link.id,
    page: link.page,
    name: link.name,
    params: { ...link.params },
    state,
    url,
    created_at: isoSeconds(link.createdAt),
    created_by: link.createdBy,
    expires_at: isoSeconds(link.expiresAt),
    revoked_at: time(link.revokedAt),
    last_used_at: time(link.lastUsedAt),
  };
}
