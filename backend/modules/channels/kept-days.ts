/** What was sent to people is kept so long after it was settled; the sums of days count on it. */
export const KEPT_DAYS = 30
