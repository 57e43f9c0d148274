/** Who may come in, as what, and the trail of what they did. */
export { type Access, type AccessOptions, createAccess } from "./access.ts";
export { type Actor, type AuditEntry, type AuditMark, COMMAND_LINE, PROGRAM } from "./audit.ts";
export { principalOf, requireRole } from "./guard.ts";
export { ensureAdmin, issueKey } from "./issue.ts";
export { dashboardKeyTrouble, type Principal } from "./key.ts";
export { listKeys } from "./list.ts";
export { type Entrance, entranceOf, type PageDoor, requireEntrance } from "./links/enter.ts";
export { issueLink, LINK_DAYS, LINK_DAYS_MAX, listLinks, revokeLink } from "./links/issue.ts";
export { type LinkPage, type LinkPages, showLink } from "./links/present.ts";
export { linkRoutes, needPage } from "./links/routes.ts";
export { accessMigrations } from "./migrations/index.ts";
export { showAudit, showKey } from "./present.ts";
export { revokeKey } from "./revoke.ts";
export { isRole, type Role, ROLES } from "./role.ts";
export { accessRoutes } from "./routes.ts";
export { type AuditTally, tallyAudit } from "./tally.ts";
export { readAudit, recordAudit, verifyAudit } from "./trail.ts";
