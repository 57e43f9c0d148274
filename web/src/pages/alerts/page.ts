import { BellRing } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/alerts.ts";

export default [
  { path: "/alerts", title: text.title, load: () => import("./alerts.tsx"), nav: { order: 40, icon: BellRing, letter: "a", bottom: true, count: ({ alerts }) => alerts } },
  { path: "/alerts/$id", title: text.one, load: () => import("./alert.tsx") },
] satisfies readonly Page[];
