import type { Generated } from "kysely";

interface TermRow {
  id: Generated<number>;
  value: string;
}

interface EventBlockRow {
  id: Generated<number>;
  codec: string;
  raw_size: number;
  bytes: Uint8Array;
}

interface EventRow {
  seq: Generated<number>;
  event_id: string;
  type_id: number;
  received_at: number;
  created_at: number;
  live: number;
  account_id: number | null;
  version_id: number | null;
  source_id: number;
  object_id: string | null;
  snapshot_event: string | null;
  flags: Generated<number>;
  block_id: number;
  block_at: number;
  size: number;
}

interface EventVariantRow {
  id: Generated<number>;
  event_seq: number;
  received_at: number;
  type: string;
  bytes: Uint8Array;
  /** Fingerprint of the content; null for variants kept before there was one. */
  fact: string | null;
}

interface DeliveryRow {
  seq: Generated<number>;
  received_at: number;
  outcome: string;
  endpoint_id: number;
  status: number;
  event_seq: number | null;
  event_id: string | null;
  event_type: string | null;
  reason: string | null;
  count: Generated<number>;
}

interface ConsumerRow {
  name: string;
  seq: number;
  updated_at: number;
}

interface EventFailureRow {
  event_seq: number;
  failed_at: number;
  attempts: number;
  /** 1 when it is to be tried again. */
  armed: number;
  error: string;
}

interface ErasureRow {
  no: Generated<number>;
  state: "running" | "done";
  started_at: number;
  finished_at: number | null;
  made_by: string;
  /** JSON list of texts. */
  subjects: string;
  events: number;
}

interface ErasedEventRow {
  event_id: string;
  erasure_no: number;
  sha256: string;
  erased_at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    term: TermRow;
    event_block: EventBlockRow;
    event: EventRow;
    event_variant: EventVariantRow;
    delivery: DeliveryRow;
    consumer: ConsumerRow;
    event_failure: EventFailureRow;
    erasure: ErasureRow;
    erased_event: ErasedEventRow;
  }
}
