import { z } from "zod";
import { timeField } from "../../ledger/index.ts";
import { AppError, type Clock, type Database, type Guard, type Http, isoSeconds } from "../../platform/index.ts";
import { type AskedWindow, type Completeness, completeness, completenessSeries, completenessText } from "./completeness.ts";
import { type Gap, readGaps } from "./gap.ts";
import { BUCKET_MS } from "./plan.ts";
import { type SweepStatus, sweepStatus } from "./status.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MAX_GAPS = 100;
/** Of one answer: a month by the hour, and most of a year by the day. */
const MAX_WINDOWS = 750;

const TIME = z.string().nullable().describe("UTC");
const ACCOUNT = z.string().nullable().describe("a connected account; null for the account itself");

const FIGURE_SHAPE = z.object({
  account: ACCOUNT,
  text: z.string(),
  from: TIME,
  until: TIME.describe("the figure speaks of the time until then; null: of this time nothing was compared yet"),
  events: z.number().describe("that Stripe has"),
  present: z.number(),
  arrived: z.number().describe("that came by themselves"),
  recovered: z.number().describe("that had to be fetched from Stripe"),
  arrived_share: z.number().nullable(),
  backfill: z.number(),
});

const WINDOW_SHAPE = FIGURE_SHAPE.omit({ backfill: true, account: true }).extend({ window_from: z.string(), window_to: z.string() });

const SWEEP_SHAPE = z.object({
  account: ACCOUNT,
  complete_until: TIME,
  last: z.object({ at: TIME, events: z.number(), missing: z.number(), cause: z.string().nullable() }).nullable(),
  trouble: z.object({ since: TIME, code: z.string(), text: z.string() }).nullable(),
  clock_skew_ms: z.number().nullable(),
});

const GAP_SHAPE = z.object({
  gap: z.number(),
  account: ACCOUNT,
  from: TIME,
  to: TIME,
  duration_s: z.number(),
  events: z.number(),
  found_at: TIME,
  closed_at: TIME.describe("null while events are still missing when they are looked for"),
  cause: z.string(),
});

const ANSWER = z.object({
  ok: z.literal(true),
  data: z.object({
    accounts: z.array(FIGURE_SHAPE),
    windows: z.array(z.object({ account: ACCOUNT, windows: z.array(WINDOW_SHAPE) })).describe("one figure per `step`; empty without one"),
    sweeps: z.array(SWEEP_SHAPE),
    gaps: z.array(GAP_SHAPE),
  }),
});

const iso = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));

function showGap(gap: Gap): z.output<typeof GAP_SHAPE> {
  return { gap: gap.id, account: gap.account, from: iso(gap.fromMs), to: iso(gap.toMs), duration_s: Math.round((gap.toMs - gap.fromMs) / 1000), events: gap.events, found_at: iso(gap.foundAt), closed_at: iso(gap.closedAt), cause: gap.cause };
}

function showFigure(figure: Completeness): z.output<typeof FIGURE_SHAPE> {
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

function showSweep(account: string | null, status: SweepStatus | null): z.output<typeof SWEEP_SHAPE> {
  const { last = null, trouble = null } = status ?? {};
  return {
    account,
    complete_until: iso(status?.checkpointMs ?? null),
    last: last === null ? null : { at: iso(last.at), events: last.seen, missing: last.missing, cause: last.cause },
    trouble: trouble === null ? null : { since: iso(trouble.since), code: trouble.code, text: trouble.text },
    clock_skew_ms: status?.skewMs ?? null,
  };
}

const STEPS = ["5m", "hour", "day"] as const;
type Step = (typeof STEPS)[number];

export interface CompletenessRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly viewer: Guard;
  /** Null for the account of the key. */
  readonly accounts: readonly (string | null)[];
  /** The merchant's local day of a time (ms UTC). */
  dayOf(ms: number): { readonly startMs: number; readonly endMs: number };
}

/** The steps that touch `[since, until)`, whole ones, oldest first. @throws AppError when they are too many. */
function windowsOf(step: Step, { fromMs, toMs }: AskedWindow, dayOf: CompletenessRoutes["dayOf"]): AskedWindow[] {
  const even = (ms: number, size: number) => ({ startMs: Math.floor(ms / size) * size, endMs: Math.floor(ms / size) * size + size });
  const windowOf = step === "day" ? dayOf : (ms: number) => even(ms, step === "hour" ? HOUR : BUCKET_MS);
  const windows: AskedWindow[] = [];
  for (let at = fromMs; at < toMs; ) {
    const { startMs, endMs } = windowOf(at);
    windows.push({ fromMs: startMs, toMs: endMs });
    at = endMs;
    if (windows.length > MAX_WINDOWS) throw new AppError("invalid", `these are more than ${MAX_WINDOWS} windows; take a larger \`step\`, or less between \`since\` and \`until\``, { code: "too_many_windows" });
  }
  return windows;
}

/**
 * `GET /api/completeness`: how many of Stripe's events are here, until when, what had to be recovered, and the gaps;
 * with `step` also per five minutes, hour or day of the merchant's.
 */
export function completenessRoutes(http: Http, { db, clock, viewer, accounts, dayOf }: CompletenessRoutes): void {
  const querystring = z.strictObject({ since: timeField.optional(), until: timeField.optional(), step: z.enum(STEPS, { error: "must be 5m, hour or day" }).optional() });
  http.get("/api/completeness", { onRequest: viewer, schema: { summary: "Completeness of events, with Stripe as the witness", tags: ["events"], querystring, response: { 200: ANSWER } } }, async (request) => {
    const now = clock.now();
    const { step } = request.query;
    const [since, until] = [request.query.since ?? now - DAY, request.query.until ?? now];
    if (since >= until) throw new AppError("invalid", "`since` must be before `until`", { code: "window_empty" });
    const asked = step === undefined ? [] : windowsOf(step, { fromMs: since, toMs: until }, dayOf);
    const figures = await Promise.all(accounts.map((account) => completeness(db.read, account, since, until)));
    const series = step === undefined ? [] : await Promise.all(accounts.map(async (account) => ({ account, figures: await completenessSeries(db.read, account, asked) })));
    return {
      ok: true as const,
      data: {
        accounts: figures.map(showFigure),
        windows: series.map(({ account, figures: found }) => ({
          account,
          windows: found.map((figure, index) => {
            const { account: _account, backfill: _backfill, ...shown } = showFigure(figure);
            return { window_from: isoSeconds(asked[index]?.fromMs ?? 0), window_to: isoSeconds(asked[index]?.toMs ?? 0), ...shown };
          }),
        })),
        sweeps: await Promise.all(accounts.map(async (account) => showSweep(account, await sweepStatus(db.read, account)))),
        gaps: (await readGaps(db.read, since, until, MAX_GAPS)).map(showGap),
      },
    };
  });
}
