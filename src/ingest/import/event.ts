import { NO_ENDPOINT, readHead } from "../../ledger/index.ts";
import { bad, type Fields, type LineOutcome, type Reading } from "./reading.ts";

/** A whole event of Stripe's, as its API and its command line write it: the ordinary path, nothing made up. */
export function readEventLine(line: Fields, text: string, reading: Reading): LineOutcome {
  const head = readHead(line, reading.nowMs);
  if (head.kind === "malformed") return bad(head.reason);
  if (head.head.eventId.startsWith("imp_")) return bad("an event made by an import; import the file it was made from");
  return {
    kind: "taken",
    made: [
      {
        arrival: { kind: "arrival", head: head.head, body: Buffer.from(text), receivedAt: head.head.createdAt, source: reading.source, endpoint: NO_ENDPOINT },
        delivery: null,
        unless: null,
      },
    ],
  };
}
