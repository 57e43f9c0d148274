/** Minute, hour and day buckets folded from payments and deliveries; windows and series over them. */
import "./store.ts";

export { type Boundary, boundaries } from "./boundaries.ts";
export { type SliceKind } from "./contribution.ts";
export { type Day, localDays } from "./days.ts";
export { DELIVERY_CONSUMER, DELIVERY_OUTCOMES, type DeliveryBucket, type DeliveryCounts, deliverySeries, foldDeliveries, sumDeliveries, sumDeliveriesIn } from "./deliveries.ts";
export { foldMetrics, type MetricsOptions, type TouchedBucket } from "./fold.ts";
export { type Measure, type Measures, MEASURES } from "./measures.ts";
export { metricsMigrations } from "./migrations/index.ts";
export { needsRebuild, rebuild, type RebuildOptions, type RebuildReport, type TableReport } from "./rebuild.ts";
export { retainMetrics } from "./retain.ts";
export { firstMinute, sliceCounts } from "./slices.ts";
export { type Grain } from "./store.ts";
export { accountsOf, type Bucket, series, sumBy, sumWindow, type Window } from "./window.ts";
export { salesByCurrency, saleUnevenness } from "../payments/index.ts";
