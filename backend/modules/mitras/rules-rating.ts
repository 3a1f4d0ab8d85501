/** How many persons have rated, and the sum of each one's mean. */
export type Score = { raters: number; meanSum: number }
export type Prior = { raters: number; score: number; leastRaters: number }

/**
 * What is shown of a score: the mean over persons, drawn towards `prior.score` as if `prior.raters` persons had given
 * that, to two places; nothing before `leastRaters` have rated. One person moves it by at most 4 / (raters + prior.raters).
 */
export function shownRating(score: Score | undefined, prior: Prior): { average: number; count: number } | null {
  if (score === undefined || score.raters === 0 || score.raters < prior.leastRaters) return null
  const average = (prior.raters * prior.score + score.meanSum) / (prior.raters + score.raters)
  return { average: Math.round(average * 100) / 100, count: score.raters }
}
