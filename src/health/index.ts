/** How the system is: checks handed over by the other rooms, asked together, never waited for. */
export type { CheckResult, CheckState, HealthCheck, HealthStatus } from "./check.ts";
export { healthMigrations, type SinceMemory, sinceMemory } from "./since.ts";
export { createExaminer, type Examiner, type ExaminerOptions, type Examination } from "./examine.ts";
export { type HealthRoutes, healthRoutes, type SystemHealth, systemHealth } from "./routes.ts";
export { type Grade, validate, type Validated, type Validation } from "./validate.ts";
export { VALIDATION_SHAPE, type ValidationReport, validationReport } from "./validation-report.ts";
export { type ValidationRoutes, validationRoutes } from "./validation-routes.ts";
