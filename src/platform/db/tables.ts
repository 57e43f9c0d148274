import type { Kysely } from "kysely";

/**
 * Every room adds its tables here by declaration merging, from its own `store.ts`:
 * `declare module "../platform/db/tables.ts" { interface Tables { event: EventRow } }`.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by the rooms
export interface Tables {}

/** A transaction or a reader: the first argument of every store function. */
export type Tx = Kysely<Tables>;
