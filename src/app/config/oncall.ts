import { z } from "zod";
import { field } from "../../platform/index.ts";
import { interval, isDate, shortName, timeOfDay } from "./notify.ts";

/** The section `oncall:` of `tillwatch.yaml`: people, rotations, escalation policies. */

const person = z.strictObject({
  name: field.text(100).describe("As people say it"),
  channels: z.array(shortName).min(1).max(10).describe("Channels of notify that reach this person, and nobody else"),
});

const date = z.string({ error: 'expected a date in quotes, such as "2025-10-20"' }).refine(isDate, { error: 'expected a date in quotes, such as "2025-10-20"' });

const EVERY = { daily: 1, weekly: 7 } as const;

const handover = z
  .strictObject({
    every: z
      .union([z.enum(["daily", "weekly"]), z.string().regex(/^[1-9]\d{0,2}d$/, { error: "expected daily, weekly, or a number of days such as 14d" })])
      .default("weekly")
      .transform((text) => EVERY[text as keyof typeof EVERY] ?? Number.parseInt(text, 10)),
    at: z.union([timeOfDay.transform((minute) => [minute]), z.array(timeOfDay).min(1).max(6)]).prefault("09:00").describe("Time of day; several with daily, for shifts of a day"),
    from: date.describe("The day on which the first person's first turn begins; with weekly it says the weekday"),
  })
  .refine(({ every, at }) => every === 1 || at.length === 1, { error: "expected one time of day; several only with every: daily" })
  .transform(({ every, at, from }) => ({ everyDays: every, at: at.toSorted((one, other) => one - other), from }));

const layer = z.strictObject({
  people: z.array(shortName).min(1).max(100).describe("In the order in which they take turns"),
  handover,
  only: z.array(interval).max(20).default([]).describe("Only at these times; always when left out"),
});

const rotation = z.strictObject({
  time_zone: field.timeZone().optional().describe("Of hand-overs; the merchant's when left out"),
  layers: z.array(layer).min(1).max(10).describe("The last that has somebody counts"),
});

const target = z
  .string()
  .regex(/^(rotation|person|channel) [a-z0-9][a-z0-9_-]{0,39}$/i, { error: "expected who: rotation NAME, person NAME or channel NAME" })
  .transform((text) => {
    const [kind = "", name = ""] = text.split(" ");
    return { kind: kind as "rotation" | "person" | "channel", name };
  });

const policy = z.strictObject({
  steps: z
    .array(z.strictObject({ notify: z.array(target).min(1).max(10), wait: field.duration(60_000, 86_400_000).prefault("5m").describe("How long they have before the next step") }))
    .min(1)
    .max(20),
  rounds: field.integer(1, 5).default(1).describe("How often the whole is gone through"),
});

export const oncall = z
  .strictObject({
    people: z.record(shortName, person).default({}),
    rotations: z.record(shortName, rotation).default({}),
    policies: z.record(shortName, policy).default({}).describe("Who is turned to, and after how long somebody else"),
  })
  .describe("Who is on call")
  .prefault({});
