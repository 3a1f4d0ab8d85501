import fc from 'fast-check'
import t from 'tap'
import { maskPhone, parsePhone } from './phones.ts'
import { judgeBirthDate, yearsBetween } from './rules.ts'

t.test('years are counted by the calendar', async (t) => {
  const table: [string, string, number][] = [
    ['2000-05-10', '2018-05-09', 17],
    ['2000-05-10', '2018-05-10', 18],
    ['2000-05-10', '2018-05-11', 18],
    ['2004-02-29', '2022-02-28', 17],
    ['2004-02-29', '2022-03-01', 18],
    ['2000-12-31', '2000-12-31', 0],
    ['2000-12-31', '2000-12-30', -1],
  ]
  for (const [from, to, years] of table) t.equal(yearsBetween(from, to), years, `${from} to ${to}`)
})

t.test('only a possible birth date of an adult passes', async (t) => {
  const today = '2026-11-21'
  t.equal(judgeBirthDate('2008-11-21', today, 18), 'adult')
  t.equal(judgeBirthDate('2008-11-22', today, 18), 'too_young')
  t.equal(judgeBirthDate('2026-11-21', today, 18), 'too_young')
  t.equal(judgeBirthDate('2026-11-22', today, 18), 'impossible')
  t.equal(judgeBirthDate('1850-01-01', today, 18), 'impossible')
})

t.test('nobody under the age is an adult, whatever the dates', async () => {
  const day = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-12-31'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10))
  fc.assert(fc.property(day, day, (birthDate, today) => {
    const eighteenth = `${Number(birthDate.slice(0, 4)) + 18}${birthDate.slice(4)}`
    return (judgeBirthDate(birthDate, today, 18) === 'adult') === (today >= eighteenth && yearsBetween(birthDate, today) <= 130)
  }))
})

t.test('phone numbers are understood as people write them', async (t) => {
  const table: [string, string][] = [
    ['+6281234567890', '+6281234567890'],
    ['081234567890', '+6281234567890'],
    ['+62 812-3456-7890', '+6281234567890'],
    ['6281234567890', '+6281234567890'],
    ['+14155552671', 'phone_not_allowed'],
    ['+6591234567', 'phone_not_allowed'],
    ['+447911123456', 'phone_not_allowed'],
    ['12345', 'validation_failed'],
    ['+62', 'validation_failed'],
    ['+62812', 'validation_failed'],
    ['+62812345678901234', 'validation_failed'],
    ['+6281234567890;ext=5', 'validation_failed'],
    ['call +6281234567890', 'validation_failed'],
    ['not a number', 'validation_failed'],
    ['+6281234567890\u0000', 'validation_failed'],
  ]
  for (const [text, expected] of table) t.equal(outcome(text), expected, text)
  t.equal(parsePhone('+6591234567', ['+62', '+65']), '+6591234567')
})

function outcome(text: string): string {
  try {
    return parsePhone(text, ['+62'])
  } catch (error) {
    return (error as { code: string }).code
  }
}

t.test('whatever is typed in is a number or a refusal', async () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'+0123456789 -()'.split('')) })), (text) =>
    /^(\+62\d{5,15}|validation_failed|phone_not_allowed)$/.test(outcome(text))))
})

t.test('a masked number shows its country and its end only', async (t) => {
  t.equal(maskPhone('+6281234567890'), '+62••••••890')
  t.equal(maskPhone('+62812'), '•••')
})
