import { Tags } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/pricing.ts";

export default [
  { path: "/pricing", title: text.title, load: () => import("./pricing.tsx"), nav: { order: 100, icon: Tags, letter: "i" } },
  { path: "/pricing/$id", title: text.title, load: () => import("./suggestion.tsx") },
] satisfies readonly Page[];
