import type { Random } from "../random.ts";
import { seededRandom } from "../random.ts";
import type { Happening, StripeEvent } from "../shapes/event.ts";
import { eventShape } from "../shapes/event.ts";
import type { Merchant, Thing } from "../shapes/thing.ts";
import { CURRENT_VERSION, typeExistsIn } from "../shapes/version.ts";
import { invoiceStory } from "./billing.ts";
import { dayFactor, PEAK_FACTOR } from "./day-shape.ts";
import type { TrafficMix } from "./mix.ts";
import { usualMix } from "./mix.ts";
import { payoutStory } from "./payout.ts";
import { purchaseStory } from "./purchase.ts";
import type { TimeQueue } from "./queue.ts";
import { timeQueue } from "./queue.ts";
import type { Story } from "./scene.ts";
import { DAY, Scene } from "./scene.ts";

export interface TrafficOptions {
  seed: number | string;
  /** Epoch milliseconds of the first arrival. */
  startMs: number;
  /** New payments per minute, averaged over a day. */
  ratePerMinute: number;
  /** Hours follow a day's shape unless this is true. */
  flat?: boolean;
  /** Of the merchant's time zone, for the day's shape. */
  utcOffsetMinutes?: number;
  /** A day passes in this many milliseconds: waits and the day's shape shrink, the rate stays. */
  dayMs?: number;
  mix?: Partial<TrafficMix>;
  merchant?: Partial<Merchant>;
}

export interface StreamOptions extends TrafficOptions {
  /** The API version the events are shown in; types younger than it are left out. */
  version?: string;
}

export const someMerchant: Merchant = {
  account: "acct_1SandboxMerchant0",
  livemode: false,
  pagesUrl: "https://pay.sandbox.example",
  name: "Sandbox Goods",
  country: "US",
};

/** What happened at one moment, with the objects that have no event of their own. */
export interface Moment {
  atMs: number;
  happenings: Happening[];
  silent: Thing[];
}

/** Traffic as a machine that is stepped: nothing happens until it is asked what comes next. */
export interface Traffic {
  /** When the next thing happens; infinity while the rate is 0 and no story is open. */
  nextAtMs(): number;
  /** That moment; undefined when nothing is due ever again. */
  next(): Moment | undefined;
  /** Changes the mix from the next moment on. */
  setMix(mix: Partial<TrafficMix>): void;
  /** @param nowMs arrivals are drawn anew from here on */
  setRate(ratePerMinute: number, nowMs: number): void;
}

export function traffic(options: TrafficOptions): Traffic {
  const random = seededRandom(options.seed);
  const scene = new Scene(random, { ...someMerchant, ...options.merchant }, { ...usualMix, ...options.mix }, options.startMs);
  const shrink = (options.dayMs ?? DAY) / DAY;
  const stories: TimeQueue<Story> = timeQueue();
  let rate = options.ratePerMinute;
  let arrivalMs = nextArrival(random, options, rate, options.startMs);

  const play = (story: Story): void => {
    const beat = story.next();
    if (beat.done !== true) stories.push(scene.nowMs + Math.max(1, Math.round(beat.value * shrink)), story);
  };
  play(payoutStory(scene));
  const nextAtMs = (): number => Math.min(arrivalMs, stories.nextAtMs());

  return {
    nextAtMs,
    next: () => {
      const atMs = nextAtMs();
      if (atMs === Infinity) return undefined;
      // Arrivals keep their fraction of a millisecond, or a high rate would come out too low.
      scene.nowMs = Math.floor(atMs);
      if (arrivalMs <= stories.nextAtMs()) {
        arrivalMs = nextArrival(random, options, rate, arrivalMs);
        play(random.chance(scene.mix.invoiceRate) ? invoiceStory(scene) : purchaseStory(scene));
      } else {
        const story = stories.pop();
        if (story !== undefined) play(story);
      }
      const moment = { atMs: scene.nowMs, happenings: scene.happenings, silent: scene.silent };
      scene.happenings = [];
      scene.silent = [];
      return moment;
    },
    setMix: (mix) => {
      scene.mix = { ...scene.mix, ...mix };
    },
    setRate: (ratePerMinute, nowMs) => {
      rate = ratePerMinute;
      arrivalMs = nextArrival(random, options, rate, nowMs);
    },
  };
}

/** Poisson arrivals under the day's shape, by thinning: draw at the peak rate, keep each with its hour's share. */
function nextArrival(random: Random, options: TrafficOptions, ratePerMinute: number, afterMs: number): number {
  if (ratePerMinute <= 0) return Infinity;
  const peak = options.flat === true ? 1 : PEAK_FACTOR;
  const stretch = DAY / (options.dayMs ?? DAY);
  const offsetMs = (options.utcOffsetMinutes ?? 0) * 60_000;
  let atMs = afterMs;
  for (;;) {
    atMs += (-Math.log(1 - random.fraction()) * 60_000) / (ratePerMinute * peak);
    if (options.flat === true || random.fraction() * peak < dayFactor(atMs * stretch, offsetMs)) return atMs;
  }
}

/**
 * Event objects in time order, without end; the same options give the same events. Each is a value of its
 * own that may be kept, changed at the top level and serialised; deeper parts are shared and are not to be written to.
 */
export function* eventStream(options: StreamOptions): Generator<StripeEvent, never, void> {
  const version = options.version ?? CURRENT_VERSION;
  const machine = traffic(options);
  for (;;) {
    const moment = machine.next();
    if (moment === undefined) throw new Error("an event stream needs a rate above 0");
    for (const happening of moment.happenings) if (typeExistsIn(happening.type, version)) yield eventShape(happening, version, 1);
  }
}

/** The first `count` events of a stream. */
export function someEvents(count: number, options: Partial<StreamOptions> = {}): StripeEvent[] {
  const events: StripeEvent[] = [];
  for (const event of eventStream({ seed: 1, startMs: Date.UTC(2026, 9, 1), ratePerMinute: 60, ...options })) {
    events.push(event);
    if (events.length >= count) break;
  }
  return events;
}
