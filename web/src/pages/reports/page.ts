import { FileText } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/reports.ts";

export default [{ path: "/reports", title: text.title, load: () => import("./reports.tsx"), nav: { order: 80, icon: FileText, letter: "r" } }] satisfies readonly Page[];
