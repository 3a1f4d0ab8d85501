import type { PrivacyMap } from './modules/privacy/index.ts'

/** What makes waiting and serving easier: the part of the privacy map about ratings, favourites, hours and who waits to be told. */
export const COMFORTS: PrivacyMap = {
  ratings: {
    rows: { columns: 'customer_id' }, key: 'session_id', since: 'created_at', out: { as: 'ratings', columns: 'session_id mitra_id score comment created_at' },
    held: { 'of how we work': 'listed_as customer_id day', secret: 'rater_hash', 'staff’s work on it': 'hidden_at hidden_by hidden_reason' },
    erasure: { set: { comment: null, hidden_reason: null }, keep: { 'a person counts once for a mitra: the score stays': 'rater_hash' } },
  },
  rating_raters: {
    rows: { phoneHash: 'rater_hash' }, key: 'mitra_id rater_hash', held: { secret: 'rater_hash', 'sums of the ratings': 'mitra_id ratings score_sum' },
    erasure: { keep: { 'a person counts once for a mitra, under a new account too': 'rater_hash' } },
  },
  favourites: { rows: { columns: 'customer_id' }, key: 'customer_id mitra_id', since: 'created_at', out: { as: 'favourites', columns: 'mitra_id created_at' }, held: { 'of how we work': 'customer_id' }, erasure: 'delete' },
  notify_requests: { rows: { columns: 'customer_id' }, since: 'created_at', out: { as: 'notifyRequests', columns: 'id mitra_id created_at expires_at answered_at' }, held: { 'of how we work': 'customer_id' }, erasure: 'delete' },
  mitra_schedules: { rows: { columns: 'mitra_id' }, key: 'mitra_id', out: { as: 'schedule', columns: 'time_zone weekly exceptions updated_at' }, held: { 'of how we work': 'mitra_id next_edge_at edge_goes' }, erasure: 'delete' },
  mitra_scores: { rows: { columns: 'mitra_id' }, key: 'mitra_id', held: { 'sums of the ratings': 'mitra_id raters mean_sum' }, erasure: {} },
}
