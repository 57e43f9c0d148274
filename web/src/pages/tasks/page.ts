import { CalendarClock } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/tasks.ts";

export default [{ path: "/tasks", title: text.title, load: () => import("./tasks.tsx"), nav: { order: 90, icon: CalendarClock, letter: "t" } }] satisfies readonly Page[];
