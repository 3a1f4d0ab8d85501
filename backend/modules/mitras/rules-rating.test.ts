import fc from 'fast-check'
import t from 'tap'
import { shownRating, type Score } from './rules-rating.ts'

const prior = fc.record({ raters: fc.integer({ min: 0, max: 50 }), score: fc.integer({ min: 100, max: 500 }).map((hundredths) => hundredths / 100), leastRaters: fc.integer({ min: 1, max: 20 }) })
const scores = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 })
const scoreOf = (people: readonly (readonly number[])[]): Score => ({
  raters: people.length, meanSum: people.reduce((sum, given) => sum + given.reduce((total, one) => total + one, 0) / given.length, 0),
})

t.test('nothing is shown before enough persons have rated', async (t) => {
  fc.assert(fc.property(fc.array(scores, { maxLength: 30 }), prior, (people, by) => {
    t.equal(shownRating(scoreOf(people), by) === null, people.length < by.leastRaters || people.length === 0)
  }))
  t.equal(shownRating(undefined, { raters: 5, score: 4, leastRaters: 1 }), null)
})

t.test('one person can’t bend an average: whatever and however often they rate, it moves by at most 4 / (persons + prior)', async (t) => {
  fc.assert(fc.property(fc.array(scores, { minLength: 1, maxLength: 30 }), scores, scores, prior, (others, given, instead, by) => {
    const least = { ...by, leastRaters: 1 }
    const [a, b] = [shownRating(scoreOf([...others, given]), least)!, shownRating(scoreOf([...others, instead]), least)!]
    t.ok(Math.abs(a.average - b.average) <= 4 / (others.length + 1 + by.raters) + 0.0101, 'two roundings to the second place aside')
    t.equal(a.count, others.length + 1)
    t.ok(a.average >= 1 && a.average <= 5)
  }))
})
