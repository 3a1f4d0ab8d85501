/**
 * Reviews: what customers think of their sessions.
 * Tables: ratings, rating_raters, rating_days.
 * Promises: one rating a session, by its customer, in time; a person counts once for a mitra, however often they rate;
 * the mitra is never told who wrote what; who is erased leaves the score and takes the comment along (privacy-map-comforts.ts).
 */
export { findRating } from './queries.ts'
export { reviewRoutes } from './routes.ts'
export { reviewStaffRoutes } from './staff-routes.ts'
export { sumRatings } from './report-ratings.ts'
export { RATING_DAYS } from './rollups.ts'
