// The admin API's types, from the schemas that the server checks with.

import type { z } from 'zod'
import type * as schemas from '../../src/server/admin/schemas.ts'

export type {
  CallDetail,
  CallRow,
  Candidate,
  ConfigPlan,
  ConfigView,
  EndpointRow,
  HealthReport,
  ModelRow,
  Overview,
  ProbeResult,
  ProviderRow,
  RouteRow,
  ScanResult,
  SettingRow,
} from '../../src/server/admin/schemas.ts'

export type Problem = z.infer<typeof schemas.problem>
export type Validation = z.infer<typeof schemas.validation>
export type ConfigApplied = z.infer<typeof schemas.configApplied>
export type ConfigHistory = z.infer<typeof schemas.configHistory>
export type AuditRow = z.infer<typeof schemas.auditRow>
export type AuditVerdict = z.infer<typeof schemas.auditVerdict>
