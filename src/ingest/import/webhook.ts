import { bad, type Fields, fieldsOf, type LineOutcome, liveOf, type Reading, skipped, textOf } from "./reading.ts";
import { readEventLine } from "./event.ts";
import { IMPORT_ENDPOINT, madeEvent, madeId, TAIL_ENDPOINT } from "./made.ts";
import { timeOf } from "./time.ts";

/** Types and ids as Stripe writes them; anything else would only be noise in every list of events. */
const TYPE = /^[A-Za-z0-9_.]{1,100}$/;

function statusOf(line: Fields): number | null {
  const status = line["status"];
  const number = typeof status === "string" ? Number(status) : status;
  return typeof number === "number" && Number.isInteger(number) && number >= 100 && number <= 599 ? number : null;
}

/**
 * A line of the older system's `stripe_webhooks.ndjson`: a delivery to it, without the event's body. It becomes an event
 * `imported.<type>`, which nothing derives money from, and a delivery at the line's own time: a failed one (`ok: false`,
 * or a status that is no 2xx) counts as a webhook failure of that time. A line without `status` is no failure: the older
 * system counted it as one, wrongly.
 */
export function readWebhookLine(line: Fields, text: string, reading: Reading): LineOutcome {
  const event = fieldsOf(line["event"]) ?? fieldsOf(line["body"]) ?? fieldsOf(line["payload"]);
  if (event !== null && event["object"] === "event") return readEventLine(event, JSON.stringify(event), reading);
  if (Number.isInteger(line["delivery"]) && typeof line["outcome"] === "string") return skipped("written by Tillwatch itself, which has these deliveries already");
  const type = textOf(line, "event_type", "type");
  if (type === null || !TYPE.test(type)) return bad("the webhook line has no usable `event_type` (such as charge.succeeded)");
  const time = timeOf(line, reading.timeZone, reading.nowMs);
  if (time === null) return bad("the webhook line has no usable `ts` (such as 2025-10-20T18:25:24Z)");
  const status = statusOf(line);
  const failed = line["ok"] === false || (status !== null && (status < 200 || status > 299));
  const eventId = textOf(line, "event_id", "id");
  const live = liveOf(line, reading);
  const id = madeId("wh", time.nominalMs, `${text}\n${reading.occurrence(text)}`);
  return {
    kind: "taken",
    made: [
      {
        arrival: madeEvent({ id, type: `imported.${type}`, atMs: time.atMs, live, object: { id: eventId, object: "event" } }, { file: reading.file, source: reading.source, line }),
        delivery: {
          receivedAt: time.atMs,
          outcome: failed ? "failed" : "accepted",
          endpoint: reading.source === "tail" ? TAIL_ENDPOINT : IMPORT_ENDPOINT,
          status: status ?? (failed ? 500 : 200),
          reason: failed ? "the application behind the webhook did not process it" : null,
          eventId,
          eventType: type,
        },
        unless: null,
      },
    ],
  };
}
