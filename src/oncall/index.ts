/** Who is on call: rotations, those who stand in, gaps, and a calendar to subscribe to. */
export { type Duty, duties, whoIsOn } from "./duty.ts";
export { onCallMigrations } from "./migrations/index.ts";
export { type Person, personOf, type Roster } from "./roster.ts";
export { type Rotation, type Shift } from "./rotation.ts";
export { type OnCallRoutes, onCallRoutes, showDuty } from "./routes.ts";
