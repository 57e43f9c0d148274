import { z } from "zod";
import { field } from "../../platform/index.ts";

/** The section `reports` of `tillwatch.yaml`. */
export const reports = z
  .strictObject({
    public: z.boolean({ error: "expected true or false" }).default(false).describe("The report's page without a key; it shows totals only"),
    weekly: field.onOff(false).describe("Make the report of the last week every Monday at 07:00, see tasks.report_weekly for another time"),
    monthly: field.onOff(false).describe("Make the report of the last month on the 1st at 07:00, see tasks.report_monthly for another time"),
    mail_to: z.array(z.email({ error: "expected an e-mail address" }).max(320)).max(50).default([]).describe("Who is mailed a digest of them with the whole attached; they are kept in DATA_DIR/reports in any case"),
    mail_from: field.text(320).optional().describe("Sender of that mail, like Tillwatch <reports@example.com>"),
    channels: z.array(field.text(64)).max(20).default([]).describe("Names of notify.channels that are told its headlines; no pagers"),
    keep_files: field.integer(1, 10_000).default(60).describe("Reports made by schedule that are kept; older ones are deleted"),
  })
  .describe("The enterprise report")
  .prefault({})
  .transform((given) => ({ public: given.public, weekly: given.weekly, monthly: given.monthly, mailTo: given.mail_to, mailFrom: given.mail_from ?? null, channels: given.channels, keepFiles: given.keep_files }));
