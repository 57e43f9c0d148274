import { LayoutDashboard } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/overview.ts";

export default [{ path: "/", title: text.title, load: () => import("./overview.tsx"), nav: { order: 10, icon: LayoutDashboard, letter: "o", bottom: true } }] satisfies readonly Page[];
