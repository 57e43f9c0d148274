import { Target } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/slos.ts";

export default [
  { path: "/slos", title: text.title, load: () => import("./slos.tsx"), nav: { order: 50, icon: Target, letter: "s" } },
  { path: "/slos/$name", title: text.title, load: () => import("./slo.tsx") },
] satisfies readonly Page[];
