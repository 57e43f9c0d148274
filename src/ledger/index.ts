/** The ledger: every event that reached us, byte-exact and append-only, and what became of each delivery. */
import "./store.ts";

export { type Append, type AppendBeside, type AppendItem, type AppendResult, type Arrival, openAppend, openAppendBeside } from "./append.ts";
export { type Claim, claimEvents } from "./claim.ts";
export { armEvent, consume, consumerSeq, type Digest, type Indigestible, moveCursor, oldestWaiting, retryArmed } from "./consume.ts";
export { countFailures, lastDeliveryAt, listDeliveries, readDeliveriesAfter, recordDeliveries, type RecordedDelivery } from "./deliveries.ts";
export { type DeliveryOutcome, type DeliveryRecord, type Refusal } from "./delivery.ts";
export { beginErasure, endErasure, eraseBodies, erasedEvents, type Erasure, listErasures, type Redact, scanBodies, type ScannedEvent, scanVariants } from "./erase.ts";
export { type EventHead, type LedgerEntry, type LedgerEvent, readHead, type Source } from "./event.ts";
export { NO_ENDPOINT } from "./known.ts";
export { ledgerMigrations } from "./migrations/index.ts";
export { EVENT_SHAPE, showEvent } from "./present.ts";
export { eventQuery, limitField, timeField } from "./query.ts";
export { knownEvents, lastEvent, latestCreated, lastSeq, readAfter, readEntries, readEvent, readRaw } from "./read.ts";
export { retainDeliveries, retainEvents } from "./retain.ts";
export { ledgerRoutes } from "./routes.ts";
export { EVENT_STATUSES, type EventFilter, type EventPage, type EventStatus, type ListedEvent, searchEvents } from "./search.ts";
