import { z } from "zod";
import { AppError, type Clock, type Database, DAY_MS, didYouMean, type Guard, HOUR_MS, type Http, isoSeconds, limitField, noQuery } from "../platform/index.ts";
import type { Measured } from "./measure.ts";
import { attainment, badOf, burnRate } from "./objective.ts";
import { DAY_SHAPE, type MoneyText, showDay, showSlo, SLO_SHAPE } from "./present.ts";
import { readDays, readStandings } from "./store.ts";

export interface SloRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly viewer: Guard;
  readonly measured: readonly Measured[];
  readonly timeZone: string;
  readonly moneyText: MoneyText;
}

const OK = z.literal(true);
/** Of the last hours, whose burn is drawn hour by hour. */
const HOURS = 72;

const HOUR_SHAPE = z.object({ start: z.string(), good: z.number(), bad: z.number(), total: z.number(), attainment: z.number().nullable(), burn: z.number().nullable() });

function findMeasured(measured: readonly Measured[], name: string): Measured {
  const found = measured.find(({ slo }) => slo.name === name);
  if (found !== undefined) return found;
  const meant = didYouMean(name, measured.map(({ slo }) => slo.name));
  throw new AppError("not_found", `there is no objective ${name}; ${meant === null ? "GET /api/slos lists them" : `did you mean ${meant}?`}`, { code: "slo_not_found" });
}

async function hoursOf(deps: SloRoutes, { slo, source }: Measured): Promise<z.output<typeof HOUR_SHAPE>[]> {
  const now = deps.clock.now();
  const last = Math.floor(now / HOUR_MS) * HOUR_MS;
  const hours = [];
  for (let start = last - (HOURS - 1) * HOUR_MS; start <= last; start += HOUR_MS) {
    const counts = await source.counts(deps.db.read, start, start + HOUR_MS);
    hours.push({ start: isoSeconds(start), good: counts.good, bad: badOf(counts), total: counts.total, attainment: attainment(counts), burn: burnRate(counts, slo.objectivePpm) });
  }
  return hours;
}

/** `/api/slos`: objectives as last measured (every half minute), and the series that charts are drawn from. */
export function sloRoutes(http: Http, deps: SloRoutes): void {
  const { db, measured, moneyText } = deps;
  http.get(
    "/api/slos",
    { onRequest: deps.viewer, schema: { summary: "Objectives: attainment, budget in events and money, burn rates", tags: ["slos"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), time_zone: z.string(), data: z.array(SLO_SHAPE) }) } } },
    async () => {
      const standings = await readStandings(db.read);
      const data = measured.map(({ slo }) => showSlo(slo, standings.get(slo.name), moneyText));
      return { ok: true as const, count: data.length, time_zone: deps.timeZone, data };
    },
  );
  http.get(
    "/api/slos/:name",
    {
      onRequest: deps.viewer,
      schema: {
        summary: "One objective, with its days and last hours",
        tags: ["slos"],
        params: z.object({ name: z.string().min(1).max(63) }),
        querystring: z.strictObject({ days: limitField({ absent: 90, most: 1100 }).describe("How many days back") }),
        response: { 200: z.object({ ok: OK, time_zone: z.string(), data: SLO_SHAPE.extend({ days: z.array(DAY_SHAPE).describe("Days of the merchant's time zone, oldest first"), hours: z.array(HOUR_SHAPE).describe("The last 72 hours, UTC") }) }) },
      },
    },
    async (request) => {
      const one = findMeasured(measured, request.params.name);
      const now = deps.clock.now();
      const days = await readDays(db.read, one.slo.name, now - request.query.days * DAY_MS, now + DAY_MS);
      const standing = (await readStandings(db.read)).get(one.slo.name);
      return { ok: true as const, time_zone: deps.timeZone, data: { ...showSlo(one.slo, standing, moneyText), days: days.map(showDay), hours: await hoursOf(deps, one) } };
    },
  );
}
