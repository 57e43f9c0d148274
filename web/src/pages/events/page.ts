import { Activity } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/events.ts";

export default [
  { path: "/events", title: text.title, load: () => import("./events.tsx"), nav: { order: 30, icon: Activity, letter: "e", bottom: true } },
  { path: "/events/$id", title: text.one, load: () => import("./event.tsx") },
] satisfies readonly Page[];
