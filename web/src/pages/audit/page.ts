import { ScrollText } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/audit.ts";

export default [{ path: "/audit", title: text.title, load: () => import("./audit.tsx"), nav: { order: 120, icon: ScrollText, letter: "u" } }] satisfies readonly Page[];
