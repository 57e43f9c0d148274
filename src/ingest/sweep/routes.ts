import { z } from "zod";
import { timeField } from "../../ledger/index.ts";
import { AppError, type Clock, type Database, type Guard, type Http, isoSeconds } from "../../platform/index.ts";
import { type Completeness, completeness, completenessText } from "./completeness.ts";
import { type Gap, readGaps } from "./gap.ts";
import { sweepStatus } from "./status.ts";

const DAY = 86_400_000;
const MAX_GAPS = 100;

const iso = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));

function showGap(gap: Gap): Record<string, unknown> {
  return { gap: gap.id, account: gap.account, from: iso(gap.fromMs), to: iso(gap.toMs), duration_s: Math.round((gap.toMs - gap.fromMs) / 1000), events: gap.events, found_at: iso(gap.foundAt), closed_at: iso(gap.closedAt), cause: gap.cause };
}

function showFigure(figure: Completeness): Record<string, unknown> {
  return {
    account: figure.account,
    text: completenessText(figure),
    from: iso(figure.fromMs),
    until: iso(figure.untilMs),
    events: figure.events,
    present: figure.present,
    arrived: figure.arrived,
    recovered: figure.recovered,
    // Of nothing, nothing is missing; but nothing is proven either.
    arrived_share: figure.events === 0 ? null : Math.round((figure.arrived / figure.events) * 10_000) / 10_000,
    backfill: Math.round(figure.backfill * 1000) / 1000,
  };
}

export interface CompletenessRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly viewer: Guard;
  /** Null for the account of the key. */
  readonly accounts: readonly (string | null)[];
}

/** `GET /api/completeness`: how many of Stripe's events are here, until when, what had to be recovered, and the gaps. */
export function completenessRoutes(http: Http, { db, clock, viewer, accounts }: CompletenessRoutes): void {
  const querystring = z.strictObject({ since: timeField.optional(), until: timeField.optional() });
  http.get("/api/completeness", { onRequest: viewer, schema: { summary: "Completeness of events, with Stripe as the witness", tags: ["events"], querystring } }, async (request) => {
    const now = clock.now();
    const [since, until] = [request.query.since ?? now - DAY, request.query.until ?? now];
    if (since >= until) throw new AppError("invalid", "`since` must be before `until`", { code: "window_empty" });
    const figures = await Promise.all(accounts.map((account) => completeness(db.read, account, since, until)));
    const sweeps = await Promise.all(accounts.map(async (account) => ({ account, status: await sweepStatus(db.read, account) })));
    return {
      ok: true,
      data: {
        accounts: figures.map(showFigure),
        sweeps: sweeps.map(({ account, status }) => ({
          account,
          complete_until: iso(status?.checkpointMs ?? null),
          last: status?.last === null || status === null ? null : { at: iso(status.last.at), events: status.last.seen, missing: status.last.missing, cause: status.last.cause },
          trouble: status?.trouble === null || status === null ? null : { since: iso(status.trouble.since), code: status.trouble.code, text: status.trouble.text },
          clock_skew_ms: status?.skewMs ?? null,
        })),
        gaps: (await readGaps(db.read, since, until, MAX_GAPS)).map(showGap),
      },
    };
  });
}
