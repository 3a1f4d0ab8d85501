/** Whole years from one calendar day (`YYYY-MM-DD`) to another; negative for a day that is still to come. */
export function yearsBetween(from: string, to: string): number {
  const years = Number(to.slice(0, 4)) - Number(from.slice(0, 4))
  // Somebody born on 29 February is a year older on 1 March.
  return to.slice(5) < from.slice(5) ? years - 1 : years
}

/** Nobody alive is older than this many years. */
const OLDEST_YEARS = 130

/** Whether a birth date can be true, and whether its owner is an adult on `today`. */
export function judgeBirthDate(birthDate: string, today: string, minimumAgeYears: number): 'adult' | 'too_young' | 'impossible' {
  const years = yearsBetween(birthDate, today)
  if (birthDate > today || years > OLDEST_YEARS) return 'impossible'
  return years >= minimumAgeYears ? 'adult' : 'too_young'
}
