import { nothing } from "../report.ts";
import type { Section } from "../section.ts";

export const backups: Section = {
  id: "backup",
  title: "Backups and drills",
  question: "Would it survive losing its disk tonight?",
  // The room that keeps backups hands its records over here; until then nothing is claimed, and nothing is counted as zero.
  read: async () => nothing("Tillwatch has no record of backups or of restore drills, so nothing is claimed about them here.", "No source yet."),
};
