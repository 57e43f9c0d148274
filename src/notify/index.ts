/** From an alert to a person: who is told what, when and how, and that it arrived. */
export { announce } from "./announce.ts";
export { type Labels, type Matcher, parseMatcher } from "./matcher.ts";
export { notifyMigrations } from "./migrations/index.ts";
export type { AlertChange, AlertNews, Severity } from "./news.ts";
export { type Delivery, noticesOf, type NoticeWithDeliveries } from "./notice-store.ts";
export type { DeliveryState, Notice, NoticeReason } from "./notice.ts";
export { type NewSilence, type Silence, silenceState, type SilenceState } from "./silence.ts";
export { createSilence, expireSilence, listSilences, previewSilence, type SilencePreview } from "./silences.ts";
