import { closeSync, openSync, writevSync } from "node:fs";
import { eventStream, seededRandom, sign } from "../sandbox/index.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An id as Stripe makes them: a part that grows with time, a part that is the account's, a random part. */
function eventId(second: number, tail: string): string {
  let time = "";
  for (let left = second; time.length < 6; left = Math.floor(left / 62)) time = `${BASE62[left % 62]}${time}`;
  return `evt_1${time}LkdIwHu7ix${tail}`;
}

/**
 * Writes signed webhook requests for the load generator: different events of one busy day, pretty-printed as Stripe
 * sends them. Answers the mean size of a body.
 */
export function writeRequests(file: string, count: number, secret: string, nowMs: number): number {
  const nowS = Math.floor(nowMs / 1000);
  const random = seededRandom("bench");
  const fd = openSync(file, "w");
  let buffers: Buffer[] = [];
  let bytes = 0;
  let made = 0;
  for (const event of eventStream({ seed: 1, startMs: nowMs - 3_600_000, ratePerMinute: 60_000 })) {
    if (made >= count) break;
    made += 1;
    const body = Buffer.from(JSON.stringify({ ...event, id: eventId(nowS + Math.floor(made / 5000), random.alphanumeric(8)) }, null, 2));
    bytes += body.length;
    const head = `POST /webhooks/stripe HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\nStripe-Signature: ${sign(body.toString(), secret, nowS)}\r\nContent-Length: ${body.length}\r\n\r\n`;
    buffers.push(Buffer.from(String(head.length + body.length).padStart(6, "0")), Buffer.from(head), body);
    if (buffers.length >= 900) {
      writevSync(fd, buffers);
      buffers = [];
    }
  }
  if (buffers.length > 0) writevSync(fd, buffers);
  closeSync(fd);
  return Math.round(bytes / made);
}
