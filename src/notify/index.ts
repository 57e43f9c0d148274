/** From an alert to a person: who is told what, when and how, and that it arrived. */
export { announce } from "./announce.ts";
export { notifyMigrations } from "./migrations/index.ts";
export type { AlertChange, AlertNews, Severity } from "./news.ts";
