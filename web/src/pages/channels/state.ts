import type { State } from "../../ui/state.tsx";
import type { ChannelState } from "./read.ts";

export const STATE_OF: Record<ChannelState, State> = { ok: "fine", failing: "attention", disabled: "critical", unused: "unknown" };
