/** What is held of one customer: given out, or taken out of everything with the proof of the ledger intact. */
export { type Erased, eraseAgain, eraseSubject, TEXT_TABLES } from "./erase.ts";
export { type Exported, exportSubject } from "./export.ts";
export { findHeld, type Held } from "./find.ts";
export { parseSubject, type Subject, traceOf } from "./subject.ts";
