import type { Section } from "../section.ts";
import { alerts } from "./alerts.ts";
import { backups } from "./backups.ts";
import { changes } from "./changes.ts";
import { completeness } from "./completeness.ts";
import { deliveries } from "./deliveries.ts";
import { disputes } from "./disputes.ts";
import { notices } from "./notices.ts";
import { payments } from "./payments.ts";
import { refunds } from "./refunds.ts";
import { revenue } from "./revenue.ts";
import { slos } from "./slos.ts";
import { tasks } from "./tasks.ts";

/** The sections, in the order in which they are read. A new one is a file beside this one and its line here. */
export const SECTIONS: readonly Section[] = [revenue, payments, refunds, disputes, deliveries, completeness, alerts, notices, slos, tasks, backups, changes];
