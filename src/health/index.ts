/** How the system is: checks handed over by the other rooms, asked together, never waited for. */
export type { CheckResult, CheckState, HealthCheck, HealthStatus } from "./check.ts";
export { createExaminer, type Examiner, type ExaminerOptions, type Examination } from "./examine.ts";
export { type HealthRoutes, healthRoutes, type SystemHealth, systemHealth } from "./routes.ts";
