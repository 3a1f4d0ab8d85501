/**
 * Settings: every number of the domain, typed and bounded by the catalogue, edited by staff.
 * Tables: settings, settings_history.
 * Promises: a change is checked, kept in the history and audited in one transaction; it is in force on every replica
 * at once by pub/sub, and within 5 s when that is lost; reading a value costs no query.
 */
export { changeSetting, type ChangeSetting } from './change-setting.ts'
export { loadSettings } from './load-settings.ts'
export { settingsStaffRoutes } from './staff-routes.ts'
export { watchSettings, type SettingsChanged, type SettingsWatch } from './watch-settings.ts'
