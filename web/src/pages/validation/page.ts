import type { Page } from "../../page.ts";
import { text } from "../../text/validation.ts";

export default [{ path: "/validation", title: text.title, load: () => import("./validation.tsx") }] satisfies readonly Page[];
