import type { text } from "../../text/events.ts";
import type { State } from "../../ui/state.tsx";

export type EventStatus = keyof typeof text.status;

export const STATE_OF: Record<EventStatus, State> = { processed: "fine", pending: "unknown", failed: "critical", flagged: "attention" };
