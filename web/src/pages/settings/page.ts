import { Settings } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/settings.ts";

export default [
  { path: "/settings", title: text.title, load: () => import("./settings.tsx"), nav: { order: 110, icon: Settings, letter: "," } },
] satisfies readonly Page[];
