import { type ChannelTally, drillsBetween, tallyNotices } from "../../notify/index.ts";
import { count, duration, type Figure, nothing, rate, type Table, text, time, type Value } from "../report.ts";
import type { Section } from "../section.ts";

type Drills = Awaited<ReturnType<typeof drillsBetween>>;

const SHOWN = 20;

function total(channels: readonly ChannelTally[], of: "sent" | "merged" | "dead" | "waiting" | "dropped"): number {
  return channels.reduce((sum, one) => sum + one[of], 0);
}

function byChannel(channels: readonly ChannelTally[]): Table {
  return {
    id: "channels",
    title: "By channel",
    columns: [{ id: "channel", label: "Channel" }, { id: "sent", label: "Sent" }, { id: "merged", label: "Told together" }, { id: "dead", label: "Given up" }, { id: "waiting", label: "Waiting" }, { id: "failed_attempts", label: "Failed attempts" }, { id: "median", label: "Median time" }, { id: "slow", label: "95 of 100 within" }],
    rows: channels.map((one) => [text(one.channel), count(one.sent), count(one.merged), count(one.dead), count(one.waiting), count(one.failedAttempts), duration(one.medianMs), duration(one.slowMs)]),
    left: null,
    public: false,
  };
}

/** From the order to the last channel that took it, ms; null when one did not. */
function wholeWay({ hops }: Drills[number]): number | null {
  const way = hops.filter(({ hop }) => hop === "rule" || hop === "route" || hop.startsWith("channel "));
  if (way.length === 0 || way.some(({ ok, latencyMs }) => !ok || latencyMs === null)) return null;
  const of = (name: string): number => way.find(({ hop }) => hop === name)?.latencyMs ?? 0;
  return of("rule") + of("route") + Math.max(0, ...way.filter(({ hop }) => hop.startsWith("channel ")).map(({ latencyMs }) => latencyMs ?? 0));
}

function drillTable(drills: Drills): Table {
  return {
    id: "alert_drills",
    title: "Alert drills, newest first",
    columns: [{ id: "at", label: "Begun" }, { id: "outcome", label: "Outcome" }, { id: "asked_by", label: "Asked by" }, { id: "way", label: "Rule to the last channel" }, { id: "acknowledged", label: "Until acknowledged" }, { id: "trouble", label: "What went wrong" }],
    rows: drills.slice(0, SHOWN).map((drill) => {
      const bad = drill.hops.filter(({ ok }) => !ok).map(({ hop, words }) => `${hop}: ${words}`);
      return [time(drill.startedAt), text(drill.outcome), text(drill.askedBy), duration(wholeWay(drill)), duration(drill.hops.find(({ hop }) => hop === "acknowledgement")?.latencyMs ?? null), text(bad.length === 0 ? null : bad.join("; "))];
    }),
    left: drills.length > SHOWN ? `${drills.length - SHOWN} earlier ones; see GET /api/drills/alerts` : null,
    public: false,
  };
}

export const notices: Section = {
  id: "notices",
  title: "Notices and alert drills",
  question: "Was somebody told, how soon, and is it tried?",
  read: async ({ sources, period }) => {
    const method =
      "notify.tallyNotices: notices by the time they were made, without drills and tests; one delivery per channel. Time: from the outbox until the other side took it. notify.drillsBetween: alert drills by the time they began; a drill is a made-up alert that goes through rule, route and channels.";
    const db = sources.db.read;
    const [told, drills] = [await tallyNotices(db, period.fromMs, period.toMs), await drillsBetween(db, period.fromMs, period.toMs)];
    const kept = sources.noticesKeptMs;
    const gone = kept !== null && period.toMs - period.fromMs > kept ? [`Notices are kept for ${Math.round(kept / 86_400_000)} days; earlier ones are not counted.`] : [];
    if (told.notices === 0 && drills.length === 0) return nothing(`No notice was sent and no alert drill was held in this period.${gone.length === 0 ? "" : ` ${gone[0]}`}`, method);
    const figure = (id: string, label: string, value: Value, good: Figure["good"]): Figure => ({ id, label, value, good, public: true });
    const [sent, dead] = [total(told.channels, "sent"), total(told.channels, "dead")];
    const slowest = told.channels.map(({ slowMs }) => slowMs).filter((ms) => ms !== null);
    const medians = told.channels.filter(({ medianMs }) => medianMs !== null).sort((left, right) => right.sent - left.sent);
    const ended = drills.filter(({ outcome }) => outcome === "passed" || outcome === "failed");
    return {
      nothing: null,
      figures: [
        figure("notices", "Notices", count(told.notices), null),
        figure("sent", "Deliveries taken by a channel", count(sent), null),
        figure("dead", "Deliveries given up", count(dead), "down"),
        figure("delivered_rate", "Share delivered", rate(sent + total(told.channels, "merged"), sent + total(told.channels, "merged") + dead), "up"),
        // Of the channel that took most: a median of medians would be nobody's.
        figure("median", "Median time to the busiest channel", duration(medians[0]?.medianMs ?? null), "down"),
        figure("slow", "95 of 100 within, slowest channel", duration(slowest.length === 0 ? null : Math.max(...slowest)), "down"),
        figure("drills", "Alert drills", count(ended.length), "up"),
        figure("drills_failed", "Alert drills failed", count(ended.filter(({ outcome }) => outcome === "failed").length), "down"),
      ],
      method,
      notes: [...gone, ...(total(told.channels, "waiting") > 0 ? [`${total(told.channels, "waiting")} deliveries were still waiting.`] : [])],
      charts: async () => [],
      tables: async () => [...(told.channels.length === 0 ? [] : [byChannel(told.channels)]), ...(drills.length === 0 ? [] : [drillTable(drills)])],
    };
  },
};
