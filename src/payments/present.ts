import { toMajorNumber } from "../money/index.ts";
import { isoSeconds } from "../platform/index.ts";
import type { Payment } from "./payment.ts";
