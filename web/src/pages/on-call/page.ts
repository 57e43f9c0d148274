import { PhoneCall } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/on-call.ts";

export default [{ path: "/on-call", title: text.title, load: () => import("./on-call.tsx"), nav: { order: 60, icon: PhoneCall, letter: "n" } }] satisfies readonly Page[];
